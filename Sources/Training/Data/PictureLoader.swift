import BinaryIO
import Images
import Kernels
import Synchronization
import Tensors

/// Pictures as a model takes them, in batches that are made ahead of the step that wants them.
///
/// What a sample becomes follows from the seed, the epoch and the sample's number: threads change nothing.
public final class PictureLoader: Sendable {
  /// Pictures and what they show.
  public struct Batch: Sendable {
    /// `[N, 3, H, W]`, or `[N, H, W, 3]` when the preprocessing is channels-last.
    public let pictures: Tensor
    public let targets: [TextDataset.Target]
    /// The samples' numbers in `entries`.
    public let indices: [Int]
  }

  public let entries: [PictureFolder.Entry]
  public let preprocessing: Preprocessing
  /// What happens by chance to each picture; nothing to those of a validation.
  public let augmentation: Augmentation?
  public let seed: UInt64
  /// Whether pictures that cannot be decoded are left out of their batches.
  public let skipsBad: Bool
  private let faults = Mutex<[Int: DataError]>([:])

  public init(
    _ entries: [PictureFolder.Entry], _ preprocessing: Preprocessing,
    augmentation: Augmentation? = nil, seed: UInt64 = 0, skipsBad: Bool = false
  ) {
    self.augmentation = augmentation
    self.entries = entries
    self.preprocessing = preprocessing
    self.seed = seed
    self.skipsBad = skipsBad
  }

  /// What could not be decoded until now, in the order of the samples.
  public var skipped: [DataError] {
    faults.withLock { faults in faults.keys.sorted().compactMap { faults[$0] } }
  }

  /// The samples of `indices` in the epoch.
  /// - Throws: with the file named, when one cannot be decoded and bad ones are not skipped.
  public func batch(_ indices: [Int], epoch: Int, pool: ThreadPool? = nil) throws -> Batch {
    let samples = Mutex<[Int: (values: [Float], size: Preprocessing.Size)]>([:])
    let fill: @Sendable (Range<Int>) -> Void = { [self] range in
      for place in range {
        do {
          let sample = try sample(indices[place], epoch: epoch)
          samples.withLock { $0[place] = sample }
        } catch {
          let path = entries[indices[place]].path
          let error = error as? DataError ?? DataError(.unreadable, "\(error)", path: path)
          faults.withLock { $0[indices[place]] = error }
        }
      }
    }
    if let pool {
      pool.parallelFor(count: indices.count, fill)
    } else {
      fill(0..<indices.count)
    }
    let found = samples.withLock { $0 }
    let good = indices.indices.filter { found[$0] != nil }
    if !skipsBad, let bad = indices.indices.first(where: { found[$0] == nil }),
      let error = faults.withLock({ $0[indices[bad]] })
    {
      throw error
    }
    let size = good.first.flatMap { found[$0]?.size } ?? .init(height: 0, width: 0)
    var values: [Float] = []
    values.reserveCapacity(good.count * size.height * size.width * 3)
    for place in good {
      guard let sample = found[place] else { continue }
      guard sample.size == size else {
        throw DataError(
          .mismatch, "becomes \(sample.size.width)×\(sample.size.height) pixels",
          expected: "\(size.width)×\(size.height), as the others of its batch",
          path: entries[indices[place]].path)
      }
      values += sample.values
    }
    let (height, width) = (size.height, size.width)
    let shape: Shape =
      preprocessing.isChannelsLast
      ? [good.count, height, width, 3] : [good.count, 3, height, width]
    let kept = good.map { indices[$0] }
    return Batch(
      pictures: Tensor(shape: shape, values), targets: kept.map { entries[$0].target },
      indices: kept)
  }

  /// Batches in their order, made ahead by `threads` threads.
  public func batches(
    _ batches: [[Int]], epoch: Int, depth: Int = 4, threads: Int = 1
  ) -> Prefetcher<Result<Batch, any Error>> {
    Prefetcher(count: batches.count, depth: depth, threads: threads) { [self] place in
      Result { try batch(batches[place], epoch: epoch) }
    }
  }

  private func sample(
    _ index: Int, epoch: Int
  ) throws -> (values: [Float], size: Preprocessing.Size) {
    try namingFile(entries[index].path) {
      let picture = try Picture(contentsOf: entries[index].path)
      guard let augmentation else { return preprocessing.values(of: picture) }
      var random = RandomNumbers(seed: seed, Self.purpose, epoch, index)
      return preprocessing.values(
        ofFramed: augmentation.applied(to: picture, preprocessing, &random))
    }
  }

  /// So that these numbers and other draws from one seed have nothing in common.
  private static let purpose = 0x7069_6374
}
