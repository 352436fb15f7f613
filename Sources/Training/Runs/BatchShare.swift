import Collectives

/// What one of several processes takes of each batch: no sample is seen twice, none is left out.
struct BatchShare: Sendable, Hashable {
  private let rank: Int
  private let size: Int
  private let keepsSamples: Bool

  /// The whole of it.
  init() { (rank, size, keepsSamples) = (0, 1, false) }

  /// - Parameter keepsSamples: whether a process should always take the same samples, even where others then have fewer.
  init(_ communicator: any Communicator, keepsSamples: Bool) {
    (rank, size) = (communicator.rank, communicator.size)
    self.keepsSamples = keepsSamples
  }

  /// How many of a batch's samples come before those of this process.
  func start(of batch: [Int]) -> Int {
    keepsSamples ? batch.count { $0 % size < rank } : batch.count * rank / size
  }

  /// The part of the batch, in its order: a stretch of it, as long as anyone's or one sample longer or shorter.
  func own(of batch: [Int]) -> [Int] {
    guard size > 1 else { return batch }
    if keepsSamples { return batch.filter { $0 % size == rank } }
    return Array(batch[start(of: batch)..<(batch.count * (rank + 1) / size)])
  }
}
