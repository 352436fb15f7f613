import BinaryIO
import CKernels

extension Tensor {
  /// The same numbers in another type: rounded to nearest even, integers cut off towards zero.
  ///
  /// Values beyond the target's range become infinite, or the largest number in `float8_e4m3fn`, or wrap around in
  /// integers, as in PyTorch. From complex to real the imaginary part is lost. From blocks and to blocks the way is
  /// through float32; traps for blocks that do not fit the shape, or are only read (`DataType.isWritable`).
  public func cast(to target: DataType) -> Tensor {
    if target == dataType { return self }
    if dataType.isBlockQuantised || target.isBlockQuantised { return castThroughBlocks(target) }
    let source = contiguousBytes
    return unsafe Tensor(dataType: target, shape: shape) { out in
      unsafe source.withUnsafeBytes { bytes in
        unsafe castElements(
          bytes.baseAddress!, dataType, out.baseAddress!, target, elementCount)
      }
    }
  }

  /// How many values (or blocks) change when they are cast to `target` and back.
  public func valuesChanged(byCastingTo target: DataType) -> Int {
    let there = cast(to: target).cast(to: dataType)
    let size = dataType.byteCount
    return unsafe contiguousBytes.withUnsafeBytes { before in
      unsafe there.contiguousBytes.withUnsafeBytes { after in
        var changed = 0
        for i in 0..<(before.count / size)
        where unsafe !before[(i * size)..<((i + 1) * size)]
          .elementsEqual(after[(i * size)..<((i + 1) * size)])
        {
          changed += 1
        }
        return changed
      }
    }
  }
}

/// Converts `count` dense elements; a type without a kernel of its own goes through Double.
private func castElements(
  _ source: UnsafeRawPointer, _ from: DataType, _ target: UnsafeMutableRawPointer, _ to: DataType,
  _ count: Int
) {
  unsafe mng_cast(source, from.code, target, to.code, count)
}

extension DataType {
  /// The number by which the C kernels know the type (`mng_dtype` in `mng_cast.h`); blocks have their own.
  var code: mng_dtype {
    switch self {
    case .float64: MNG_F64
    case .float32: MNG_F32
    case .float16: MNG_F16
    case .bfloat16: MNG_BF16
    case .float8E4M3: MNG_F8E4M3
    case .float8E5M2: MNG_F8E5M2
    case .int64: MNG_I64
    case .int32: MNG_I32
    case .int16: MNG_I16
    case .int8: MNG_I8
    case .uint64: MNG_U64
    case .uint32: MNG_U32
    case .uint16: MNG_U16
    case .uint8: MNG_U8
    case .bool: MNG_BOOL
    case .complex64: MNG_C64
    default: preconditionFailure("\(self) has no elements of its own")
    }
  }
}
