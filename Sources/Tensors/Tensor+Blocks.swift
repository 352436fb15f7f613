import BinaryIO
import CKernels

extension Tensor {
  /// From blocks or to blocks, by way of float32.
  func castThroughBlocks(_ target: DataType) -> Tensor {
    if let type = dataType.blockType {
      let floats = dequantised(type)
      return target == .float32 ? floats : floats.cast(to: target)
    }
    guard let type = target.blockType, target.isWritable else {
      preconditionFailure("\(dataType) to \(target)")
    }
    let floats = cast(to: .float32).contiguousBytes
    let blocks = elementCount / target.blockElements
    return unsafe Tensor(dataType: target, shape: shape) { out in
      unsafe floats.withUnsafeBytes { source in
        guard blocks > 0, let source = source.baseAddress, let out = out.baseAddress else { return }
        _ = unsafe mng_quantize_f32(
          type, source.assumingMemoryBound(to: Float.self), out, blocks)
      }
    }
  }

  private func dequantised(_ type: mng_block_type) -> Tensor {
    let source = contiguousBytes
    let blocks = elementCount / dataType.blockElements
    return unsafe Tensor(dataType: .float32, shape: shape) { out in
      unsafe source.withUnsafeBytes { source in
        guard blocks > 0, let source = source.baseAddress, let out = out.baseAddress else { return }
        unsafe mng_dequantize_f32(type, source, out.assumingMemoryBound(to: Float.self), blocks)
      }
    }
  }
}

extension DataType {
  /// The number by which the C kernels know a block-quantised type.
  var blockType: mng_block_type? {
    switch self {
    case .q4_0: MNG_Q4_0
    case .q4_1: MNG_Q4_1
    case .q5_0: MNG_Q5_0
    case .q5_1: MNG_Q5_1
    case .q8_0: MNG_Q8_0
    case .q2_K: MNG_Q2_K
    case .q3_K: MNG_Q3_K
    case .q4_K: MNG_Q4_K
    case .q5_K: MNG_Q5_K
    case .q6_K: MNG_Q6_K
    case .iq4_nl: MNG_IQ4_NL
    case .mxfp4: MNG_MXFP4
    default: nil
    }
  }

  /// Whether no block is cut by a view.
  func canView(_ shape: Shape, _ strides: [Int], offset: Int) -> Bool {
    guard isBlockQuantised else { return true }
    let block = blockElements
    guard fits(shape), offset % block == 0, strides.last == 1 else { return false }
    return strides.dropLast().allSatisfy { $0 % block == 0 }
  }
}
