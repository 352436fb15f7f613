import Kernels
import Synchronization

/// Steps of which each needs its own rows only, done part by part: what one leaves is still in the caches when the next
/// takes it, and the threads wait for each other once.
struct ChainStep: Step {
  /// The rows of each part, and the steps for them.
  let parts: [(rows: Range<Int>, steps: [any Step])]
  /// Of the part that comes first, which is the largest.
  let plan: BufferPlan
  /// For each buffer that nothing outside sees, floats of a row; 0 for others.
  let widths: [Int]
  /// Memory for as many parts as are at work at a time.
  let workspace: Region
  let operations: Int
  let weightBytes: Int
  let kind: String
  let reads: [Region]
  let writes: [Region]

  func run(in frame: Frame) throws {
    let (memory, homes) = (frame.view(workspace), frame.homes)
    let (parts, plan, widths) = (parts, plan, widths)
    let progress = Progress()
    let count = max(1, plan.count)
    frame.pool.parallelFor(count: workspace.count / count) { range in
      for slot in range {
        var homes = homes
        while let index = progress.next(below: parts.count) {
          homes.local = LocalBuffers(
            memory: memory[(slot * count)..<((slot + 1) * count)], offsets: plan.offsets,
            widths: widths, firstRow: parts[index].rows.lowerBound)
          let inner = Frame(homes, pool: ChainStep.alone)
          do {
            for step in parts[index].steps { try step.run(in: inner) }
          } catch {
            progress.fail(error)
          }
        }
      }
    }
    if let error = progress.error { throw error }
  }

  /// What a part is computed with: the thread that it is on.
  private static let alone = ThreadPool(threads: 1)
}

private final class Progress: Sendable {
  private let taken = Atomic<Int>(0)
  private let failure = Mutex<(any Error)?>(nil)

  func next(below count: Int) -> Int? {
    let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }

  func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }

  var error: (any Error)? { failure.withLock { $0 } }
}
