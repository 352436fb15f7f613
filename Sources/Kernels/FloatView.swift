/// Contiguous floats that kernels read and write: part of an `Arena`, of mapped weights, of an
/// array.
///
/// A view holds on to its memory's owner, so that the memory lives as long as any view of it. Two
/// views may show the same floats: who plans the buffers sees to it that nobody writes what another
/// still reads.
@safe public struct FloatView: @unchecked Sendable {
  // Sendable: the pointer is as good on every thread, and writers are told apart by the plan
  // (above).

  /// How many floats there are.
  public let count: Int

  /// Whether kernels may write here; mapped weights may not be written.
  public let isWritable: Bool

  let base: UnsafeMutablePointer<Float>
  let owner: AnyObject?

  /// A view of memory that `owner` keeps alive and in place.
  @unsafe public init(
    unsafeBase base: UnsafeMutablePointer<Float>, count: Int, isWritable: Bool, owner: AnyObject?
  ) {
    precondition(count >= 0, "a view of \(count) floats")
    unsafe self.base = unsafe base
    self.count = count
    self.isWritable = isWritable
    self.owner = owner
  }

  /// New memory with a copy of `values`.
  public init(_ values: [Float]) {
    self = FloatView(unwritten: values.count)
    copy(from: values)
  }

  /// New memory, all zeros.
  public init(zeros count: Int) {
    self = Arena(count: count).view()
  }

  /// New memory that is yet to be written.
  init(unwritten count: Int) {
    self = Arena(count: count, zeroed: false).view()
  }

  /// The floats of `range`, shared.
  public subscript(range: Range<Int>) -> FloatView {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count, "\(range) of a view of \(count) floats")
    return unsafe FloatView(
      unsafeBase: base + range.lowerBound, count: range.count, isWritable: isWritable, owner: owner)
  }

  public subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "index \(index) of a view of \(count) floats")
      return unsafe base[index]
    }
    nonmutating set {
      precondition(isWritable, "write to a view that is only read")
      precondition(index >= 0 && index < count, "index \(index) of a view of \(count) floats")
      unsafe base[index] = newValue
    }
  }

  /// Where the floats are: equal places are the same memory.
  public struct Place: Sendable, Hashable {
    private let address: UInt

    fileprivate init(address: UInt) { self.address = address }
  }

  public var place: Place { Place(address: unsafe UInt(bitPattern: base)) }

  /// The floats, copied.
  public var array: [Float] {
    unsafe Array(UnsafeBufferPointer(start: base, count: count))
  }

  /// Overwrites the first floats with `values`.
  public func copy(from values: [Float]) {
    let target = unsafe writing(values.count)
    unsafe values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress {
        unsafe target.update(from: start, count: source.count)
      }
    }
  }

  /// Overwrites the first floats with those of `source`, which may overlap.
  public func copy(from source: FloatView) {
    unsafe writing(source.count).update(from: source.base, count: source.count)
  }

  /// Overwrites every float with `value`.
  public func fill(_ value: Float) {
    unsafe writing(count).update(repeating: value, count: count)
  }

  /// The floats' bytes, while `body` runs.
  @unsafe public func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    defer { extendLifetime(owner) }
    return unsafe try body(UnsafeMutableRawBufferPointer(start: base, count: count * 4))
  }

  /// The pointer to give a kernel that reads `wanted` floats.
  func reading(_ wanted: Int, _ what: StaticString = "operand") -> UnsafePointer<Float> {
    precondition(wanted >= 0 && wanted <= count, "\(what): \(wanted) floats wanted, \(count) there")
    return unsafe UnsafePointer(base)
  }

  /// The pointer to give a kernel that writes `wanted` floats.
  func writing(_ wanted: Int, _ what: StaticString = "result") -> UnsafeMutablePointer<Float> {
    precondition(isWritable, "\(what): write to a view that is only read")
    precondition(wanted >= 0 && wanted <= count, "\(what): \(wanted) floats wanted, \(count) there")
    return unsafe base
  }
}
