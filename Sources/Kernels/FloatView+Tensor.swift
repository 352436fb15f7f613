import BinaryIO
import Tensors

extension FloatView {
  /// The elements of a float32 tensor where they lie, only to be read; nil for another type, a
  /// strided view, or bytes that are not aligned as floats are.
  ///
  /// The view keeps the tensor's storage alive.
  public init?(reading tensor: Tensor) {
    guard tensor.dataType == .float32, tensor.isContiguous else { return nil }
    let count = tensor.elementCount
    guard count > 0 else {
      self = FloatView(zeros: 0)
      return
    }
    let offset = tensor.offset * 4
    let storage = tensor.storage
    // A storage's memory does not move while the storage lives, and the view holds on to the
    // storage.
    let base = unsafe storage.withUnsafeBytes { bytes -> UnsafeMutableRawPointer? in
      guard let start = bytes.baseAddress, offset + count * 4 <= bytes.count else { return nil }
      return unsafe UnsafeMutableRawPointer(mutating: start + offset)
    }
    guard let base = unsafe base, Int(bitPattern: base) % 4 == 0 else { return nil }
    unsafe self.init(
      unsafeBase: base.assumingMemoryBound(to: Float.self), count: count, isWritable: false,
      owner: storage)
  }

  /// The elements of any real tensor as float32: where they lie if they can be read there, else a
  /// copy.
  public init(_ tensor: Tensor) {
    if let view = FloatView(reading: tensor) {
      self = view
      return
    }
    let source = tensor.cast(to: .float32).contiguous()
    if let view = FloatView(reading: source) {
      self = view
      return
    }
    // A file's floats at an address that is no multiple of four.
    let count = source.elementCount
    self = FloatView(zeros: count)
    unsafe withUnsafeMutableBytes { target in
      unsafe source.storage.withUnsafeBytes { bytes in
        let start = source.offset * 4
        unsafe target.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count * 4]))
      }
    }
  }

  /// A tensor with a copy of the floats.
  public func tensor(shape: Shape) -> Tensor {
    precondition(shape.elementCount == count, "\(count) floats for the shape \(shape)")
    return unsafe Tensor(dataType: .float32, shape: shape) { target in
      unsafe withUnsafeMutableBytes { unsafe target.copyMemory(from: UnsafeRawBufferPointer($0)) }
    }
  }

  /// A tensor that shows these very floats: it changes when they do.
  ///
  /// For weights that learn, between whose changes runs read them.
  public func shared(as shape: Shape) -> Tensor {
    precondition(shape.elementCount == count, "\(count) floats for the shape \(shape)")
    let bytes = unsafe Bytes(
      owner: Memory(self), base: UnsafeRawPointer(base), count: count * 4)
    guard let tensor = try? Tensor(viewing: TensorStorage(bytes), dataType: .float32, shape: shape)
    else { preconditionFailure("\(count) floats are no tensor of the shape \(shape)") }
    return tensor
  }

  /// Keeps the floats alive.
  private final class Memory: Sendable {
    let view: FloatView
    init(_ view: FloatView) { self.view = view }
  }
}
