import Kernels

/// The steps' batches of an epoch, read ahead of the step that wants them.
final class BatchFeed {
  let epoch: Int
  /// Each step's samples, in the parts that are run one by one.
  let steps: [[[Int]]]
  /// The number of the step that comes next.
  private(set) var next: Int
  private let ahead: Prefetcher<Result<[TrainingBatch], any Error>>

  /// - Parameters:
  ///   - parts: how many batches of `size` make a step.
  ///   - share: what this process takes of a batch.
  ///   - first: the step to begin with.
  ///   - threads: how many read ahead; 0 reads when a step asks.
  init(
    _ source: any TrainingSource, _ order: EpochOrder, epoch: Int, size: Int, parts: Int,
    share: BatchShare = BatchShare(), first: Int, threads: Int
  ) {
    let batches = order.batches(epoch: epoch, size: size)
    let whole = stride(from: 0, to: batches.count, by: parts).map {
      Array(batches[$0..<min($0 + parts, batches.count)])
    }
    let steps = whole.map { $0.map { share.own(of: $0) } }
    (self.epoch, self.steps, next) = (epoch, steps, first)
    let isAhead = source.prefersReadingAhead && threads > 0
    ahead = Prefetcher(
      count: max(steps.count - first, 0), depth: 2, threads: isAhead ? 1 : 0
    ) { place in
      Result {
        var before = 0
        return try zip(whole[first + place], steps[first + place]).map { batch, own in
          defer { before += batch.count }
          guard !own.isEmpty else { return .empty }
          var found = try source.batch(own, epoch: epoch)
          found.place = before + share.start(of: batch)
          return found
        }
      }
    }
  }

  /// The next step's batches, without those that have no sample left; nil at the end.
  func take() throws -> [TrainingBatch]? {
    guard let result = ahead.next() else { return nil }
    next += 1
    return try result.get().filter { !$0.isEmpty }
  }
}
