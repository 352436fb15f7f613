/// A bounds-checked region of bytes that somebody keeps alive: a mapped file, or memory of our own.
///
/// Slices share the owner; nothing is copied. The bytes never change once a `Bytes` is visible.
@safe
public struct Bytes: @unchecked Sendable {
  // Sendable: the bytes are immutable, and `owner` is only retained.
  let owner: AnyObject?
  private let base: UnsafeRawPointer?
  public let count: Int

  /// No bytes.
  public init() {
    owner = nil
    unsafe base = nil
    count = 0
  }

  /// The `count` bytes at `base`, valid and unchanged for as long as `owner` lives.
  public init(owner: AnyObject, base: UnsafeRawPointer, count: Int) {
    precondition(count >= 0, "negative count \(count)")
    self.owner = owner
    unsafe self.base = base
    self.count = count
  }

  /// A copy of `bytes`.
  public init(_ bytes: some Collection<UInt8>) {
    let memory = OwnedMemory(byteCount: bytes.count)
    unsafe memory.bytes.copyBytes(from: bytes)
    unsafe self.init(owner: memory, base: UnsafeRawPointer(memory.base), count: bytes.count)
  }

  /// `byteCount` bytes of our own, 64-byte aligned, zeroed, then filled by `fill`.
  public init(
    byteCount: Int, fillingWith fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    let memory = OwnedMemory(byteCount: byteCount)
    try unsafe fill(memory.bytes)
    unsafe self.init(owner: memory, base: UnsafeRawPointer(memory.base), count: byteCount)
  }

  public var isEmpty: Bool { count == 0 }

  /// Traps outside the region, as an array does.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "byte \(index) of \(count)")
    return unsafe base!.load(fromByteOffset: index, as: UInt8.self)
  }

  /// The part `[offset, offset + count)`.
  /// - Throws: `.truncated` when it is not inside the region.
  public func slice(at offset: Int, count length: Int) throws -> Bytes {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      throw DataError(
        .truncated, "\(length) bytes at \(offset) overrun the \(count) bytes that are there",
        remedy: "is the file cut short?")
    }
    return unverifiedSlice(offset, length)
  }

  /// The part in `range`; traps when it is not inside the region.
  public subscript(range: Range<Int>) -> Bytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) bytes")
    return unverifiedSlice(range.lowerBound, range.count)
  }

  private func unverifiedSlice(_ offset: Int, _ length: Int) -> Bytes {
    guard let owner, let base = unsafe base else { return Bytes() }
    return unsafe Bytes(owner: owner, base: base + offset, count: length)
  }

  /// For C faces only: the pointer must not leave `body`.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(owner) {} }
    return try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// The little-endian integer at `offset`, at any alignment.
  /// - Throws: `.truncated` when it is not inside the region.
  public func load<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) throws -> T {
    let part = try slice(at: offset, count: MemoryLayout<T>.size)
    return unsafe T(littleEndian: part.base!.loadUnaligned(as: T.self))
  }

  /// The text in UTF-8.
  /// - Throws: `.malformed` when the bytes are not UTF-8.
  public func utf8() throws -> String {
    let text = unsafe withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
    guard let text else { throw DataError(.malformed, "text that is not UTF-8") }
    return text
  }

  /// The same bytes in memory of our own, which begins on a 64-byte boundary.
  public func copied() -> Bytes {
    unsafe Bytes(byteCount: count) { target in
      unsafe withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  /// A copy.
  public var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

  /// Whether the region begins with `prefix`.
  public func starts(with prefix: [UInt8]) -> Bool {
    guard count >= prefix.count else { return false }
    return unsafe withUnsafeBytes { unsafe $0.starts(with: prefix) }
  }

  /// Whether both hold the same bytes.
  public func elementsEqual(_ other: Bytes) -> Bool {
    guard count == other.count else { return false }
    return unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        unsafe left.baseAddress == right.baseAddress || left.elementsEqual(right)
      }
    }
  }

  /// Whether the first byte lies on a multiple of `alignment`, so that it may be viewed as numbers.
  public func isAligned(to alignment: Int) -> Bool {
    unsafe UInt(bitPattern: base) % UInt(alignment) == 0
  }
}

/// Memory of our own, 64-byte aligned and zeroed.
@safe
final class OwnedMemory {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 1))
    self.byteCount = byteCount
  }

  var bytes: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  deinit { unsafe base.deallocate() }
}
