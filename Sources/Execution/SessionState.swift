import BinaryIO
import Kernels
import Synchronization
import Tensors

/// What a session keeps from one run to the next: the keys and values of a decoder's past.
///
/// The memory is its own; runs write to it where it lies. One run at a time works on it.
public final class SessionState: Sendable {
  /// How many sequences there are.
  public let batch: Int

  struct Memory: Sendable {
    var capacity: Int
    /// In the order of the session's states: `[batch, heads, capacity, size]`, row-major.
    var views: [FloatView]
  }

  /// For each state, its heads and their size.
  let layout: [(heads: Int, size: Int)]
  let memory: Mutex<Memory>

  init(batch: Int, capacity: Int, layout: [(heads: Int, size: Int)]) throws {
    self.batch = batch
    self.layout = layout
    try SessionState.check(batch: batch, capacity: capacity, layout)
    let views = layout.map { FloatView(zeros: batch * $0.heads * capacity * $0.size) }
    memory = Mutex(Memory(capacity: capacity, views: views))
  }

  /// How many positions each sequence has room for.
  public var capacity: Int { memory.withLock { $0.capacity } }

  /// Makes room for `positions`: the capacity at least doubles, and what is there is copied once.
  /// - Throws: `.limitExceeded` when there is no memory for it.
  public func reserve(_ positions: Int) throws {
    try memory.withLock { memory in
      guard positions > memory.capacity else { return }
      let old = memory.capacity
      let new = max(positions, old <= Int.max / 2 ? 2 * old : positions)
      let capacity: Int
      do {
        try SessionState.check(batch: batch, capacity: new, layout)
        capacity = new
      } catch {
        try SessionState.check(batch: batch, capacity: positions, layout)
        capacity = positions
      }
      for (index, state) in layout.enumerated() {
        let grown = FloatView(zeros: batch * state.heads * capacity * state.size)
        grown.copy(
          block: memory.views[index], extents: [batch * state.heads, old * state.size],
          strides: [capacity * state.size, 1], at: [0, 0])
        memory.views[index] = grown
      }
      memory.capacity = capacity
    }
  }

  private static func check(
    batch: Int, capacity: Int, _ layout: [(heads: Int, size: Int)]
  ) throws {
    var bytes = 0
    for state in layout {
      let shape = try Shape(checking: [batch, state.heads, capacity, state.size])
      try MemoryLimit.check(shape, .float32, bytes: MemoryLimit.standard)
      bytes += 4 * shape.elementCount
    }
    guard bytes <= MemoryLimit.standard else {
      throw DataError(
        .limitExceeded, "a past of \(capacity) positions takes \(bytes) bytes",
        expected: "at most \(MemoryLimit.standard)")
    }
  }
}
