import BinaryIO
import CKernels

extension Tensor {
  /// The same elements lying densely in row-major order; itself when they do already.
  public func contiguous() -> Tensor {
    if isContiguous { return self }
    let units = copyUnits
    return unsafe Tensor(dataType: dataType, shape: shape) { target in
      unsafe storage.withUnsafeBytes { source in
        unsafe mng_strided_copy(
          units.size, rank, units.extents, units.strides,
          source.baseAddress! + units.offset * units.size, target.baseAddress!)
      }
    }
  }

  /// What is copied, and how it lies: elements, or the bytes of blocks.
  private var copyUnits: (size: Int, extents: [Int], strides: [Int], offset: Int) {
    guard dataType.isBlockQuantised, rank > 0 else {
      return (dataType.byteCount, shape.dimensions, strides, offset)
    }
    let bytes = { dataType.byteCount(of: $0) }
    return (
      1, shape.dropLast() + [bytes(shape[rank - 1])], strides.dropLast().map(bytes) + [1],
      bytes(offset)
    )
  }

  /// The dense bytes in row-major order, little-endian; shared with the storage where possible.
  public var contiguousBytes: Bytes {
    let dense = contiguous()
    let start = dataType.byteCount(of: dense.offset)
    return dense.storage.bytes[start..<(start + byteCount)]
  }

  /// The elements in row-major order; traps when `Scalar` is not the tensor's type.
  public func values<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) -> [Scalar] {
    precondition(Scalar.dataType == dataType, "a \(dataType) tensor read as \(Scalar.dataType)")
    return unsafe contiguousBytes.withUnsafeBytes { source in
      unsafe [Scalar](unsafeUninitializedCapacity: elementCount) { target, count in
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
        count = elementCount
      }
    }
  }

  /// The elements in row-major order, converted to Float; complex numbers give their real part.
  public var floats: [Float] { cast(to: .float32).values() }

  /// The elements in row-major order, converted to Double; complex numbers give their real part.
  public var doubles: [Double] { cast(to: .float64).values() }

  /// The elements in row-major order as whole numbers; fractions are cut off towards zero.
  public var integers: [Int] { cast(to: .int64).values() }

  /// SHA-256 of the dense little-endian bytes in row-major order.
  public var sha256: String { SHA256.hex(of: contiguousBytes) }

  /// Whether type, shape and every bit agree.
  public func isBitEqual(to other: Tensor) -> Bool {
    dataType == other.dataType && shape == other.shape
      && (identity == other.identity || contiguousBytes.elementsEqual(other.contiguousBytes))
  }
}
