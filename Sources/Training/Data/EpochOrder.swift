import Tensors

/// In which order samples are seen: it follows from the seed and the epoch alone.
///
/// A run that goes on needs to know no more than its epoch and its place in it.
public struct EpochOrder: Sendable, Hashable {
  public let count: Int
  public let seed: UInt64
  /// Whether samples are seen in another order each epoch, or as they lie.
  public let shuffles: Bool

  public init(count: Int, seed: UInt64, shuffles: Bool = true) {
    precondition(count >= 0, "\(count) samples")
    self.count = count
    self.seed = seed
    self.shuffles = shuffles
  }

  /// The samples' numbers, in their order.
  public func indices(epoch: Int) -> [Int] {
    var indices = Array(0..<count)
    guard shuffles else { return indices }
    var random = RandomNumbers(seed: seed, Self.purpose, epoch)
    random.shuffle(&indices)
    return indices
  }

  /// The order cut into batches; the last one is what is left, if any, unless `dropsRest`.
  public func batches(epoch: Int, size: Int, dropsRest: Bool = false) -> [[Int]] {
    precondition(size > 0, "batches of \(size)")
    let indices = indices(epoch: epoch)
    return (0..<batchCount(size: size, dropsRest: dropsRest)).map {
      Array(indices[($0 * size)..<min(($0 + 1) * size, count)])
    }
  }

  public func batchCount(size: Int, dropsRest: Bool = false) -> Int {
    precondition(size > 0, "batches of \(size)")
    return dropsRest ? count / size : count / size + (count % size == 0 ? 0 : 1)
  }

  /// So that the order and other draws from one seed have nothing in common.
  private static let purpose = 0x6F72_6465
}
