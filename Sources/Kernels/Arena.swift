import CKernels

/// 64-byte aligned memory on huge pages where it is large: for activations and packed weights.
@safe public final class Arena: @unchecked Sendable {
  // Sendable: its own state never changes; what it holds is handed out as views.

  /// How many floats there are.
  public let count: Int

  private let base: UnsafeMutablePointer<Float>

  /// - Parameter zeroed: whether zeros are wanted, rather than anything.
  /// - Complexity: pages of a large arena are touched on first use only.
  public init(count: Int, zeroed: Bool = true) {
    precondition(count >= 0 && count < Int.max / 16, "an arena of \(count) floats")
    guard let memory = unsafe mng_memory_allocate(count * 4, zeroed) else {
      preconditionFailure("no memory for \(count) floats")
    }
    self.count = count
    unsafe base = memory.bindMemory(to: Float.self, capacity: count)
  }

  deinit {
    unsafe mng_memory_free(base, count * 4)
  }

  /// The `count` floats from `offset`; for best speed, `offset` is a multiple of 16.
  public func view(offset: Int, count: Int) -> FloatView {
    precondition(
      offset >= 0 && count >= 0 && offset <= self.count - count,
      "floats \(offset) ..+ \(count) of an arena of \(self.count)")
    return unsafe FloatView(
      unsafeBase: base + offset, count: count, isWritable: true, owner: self)
  }

  /// All of it.
  public func view() -> FloatView { view(offset: 0, count: count) }

  /// All of it; `owner`, which the view holds on to, keeps the arena.
  func view(keptBy owner: AnyObject) -> FloatView {
    unsafe FloatView(unsafeBase: base, count: count, isWritable: true, owner: owner)
  }
}
