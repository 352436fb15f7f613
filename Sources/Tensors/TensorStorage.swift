import BinaryIO

/// The memory that one or more tensors view: a part of a mapped file, or memory of our own.
///
/// Identity is what ties are made of: two tensors are tied when they view one storage alike.
public final class TensorStorage: Sendable {
  public let bytes: Bytes

  public init(_ bytes: Bytes) { self.bytes = bytes }

  /// Memory of our own, zeroed, then filled by `fill`.
  public convenience init(
    byteCount: Int, fillingWith fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    self.init(try unsafe Bytes(byteCount: byteCount, fillingWith: fill))
  }

  public var byteCount: Int { bytes.count }

  /// For kernels and C faces only: the pointer must not leave `body`.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try unsafe bytes.withUnsafeBytes(body)
  }
}
