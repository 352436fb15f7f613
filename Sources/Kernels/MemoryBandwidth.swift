import CKernels

/// How fast the threads of a pool read memory that no cache holds: what a product of one row can reach.
public struct MemoryBandwidth: Sendable {
  private let memory: FloatView
  private let pool: ThreadPool
  /// Bytes that a thread reads at a time.
  private static let piece = 1 << 18

  /// - Parameter bytes: how much is read; far more than the caches hold.
  public init(bytes: Int = 1 << 28, pool: ThreadPool) {
    let pieces = max(1, bytes / MemoryBandwidth.piece)
    memory = FloatView(zeros: pieces * MemoryBandwidth.piece / 4)
    // Pages that nothing was written to are all the same one.
    memory.fill(1)
    self.pool = pool
  }

  /// Bytes a second, of one reading of all.
  public func measure() -> Double {
    let (memory, piece) = (memory, MemoryBandwidth.piece)
    let bytes = 4 * memory.count
    let start = ContinuousClock.now
    pool.parallelFor(count: bytes / piece) { range in
      let source = unsafe memory.reading(memory.count)
      for index in range {
        _ = unsafe mng_read_all(source + index * piece / 4, piece)
      }
    }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Double(bytes) / max(Double(seconds) + Double(attoseconds) * 1e-18, 1e-9)
  }
}
