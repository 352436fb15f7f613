import CKernels
import Tensors

/// The right-hand matrix of a product where it lies, `[outputs, inputs]` as a file stores it: floats of
/// 32 or 16 bits, or quantised blocks.
///
/// Nothing is copied and nothing is widened in memory. A few rows are multiplied by the weights as
/// they are; for many, a few outputs at a time are widened and packed, then forgotten.
@safe public struct StoredMatrix: @unchecked Sendable {
  // Sendable: the memory is only read, and the storage keeps it in place.

  /// Up to as many rows of input the weights are used as they are.
  public static let fewRows = Int(MNG_ROWS_MAXIMUM)

  /// K: what is summed over.
  public let inputs: Int

  /// N: columns of the result.
  public let outputs: Int

  /// How an element is stored.
  public let dataType: DataType

  private let stored: Int32
  private let base: UnsafeRawPointer
  private let storage: TensorStorage

  /// - Parameter tensor: `[outputs, inputs]`, dense; nil for others, for types that it knows not, and
  ///   for floats at an address that is not theirs.
  public init?(_ tensor: Tensor) {
    guard tensor.rank == 2, tensor.elementCount > 0, tensor.isContiguous,
      let stored = StoredMatrix.code(of: tensor.dataType)
    else { return nil }
    let offset = tensor.dataType.byteCount(of: tensor.offset)
    let count = tensor.byteCount
    // A storage's memory does not move while the storage lives.
    let base = unsafe tensor.storage.withUnsafeBytes { bytes -> UnsafeRawPointer? in
      guard let start = bytes.baseAddress, offset + count <= bytes.count else { return nil }
      return unsafe start + offset
    }
    let alignment = tensor.dataType.isBlockQuantised ? 1 : tensor.dataType.byteCount
    guard let base = unsafe base, Int(bitPattern: base) % alignment == 0 else { return nil }
    unsafe self.base = unsafe base
    self.stored = stored
    storage = tensor.storage
    dataType = tensor.dataType
    outputs = tensor.shape[0]
    inputs = tensor.shape[1]
  }

  private static func code(of type: DataType) -> Int32? {
    let block: mng_block_type
    switch type {
    case .float32: return Int32(MNG_STORED_F32.rawValue)
    case .float16: return Int32(MNG_STORED_F16.rawValue)
    case .bfloat16: return Int32(MNG_STORED_BF16.rawValue)
    case .q4_0: block = MNG_Q4_0
    case .q4_1: block = MNG_Q4_1
    case .q5_0: block = MNG_Q5_0
    case .q5_1: block = MNG_Q5_1
    case .q8_0: block = MNG_Q8_0
    case .q2_K: block = MNG_Q2_K
    case .q3_K: block = MNG_Q3_K
    case .q4_K: block = MNG_Q4_K
    case .q5_K: block = MNG_Q5_K
    case .q6_K: block = MNG_Q6_K
    case .iq4_nl: block = MNG_IQ4_NL
    case .mxfp4: block = MNG_MXFP4
    default: return nil
    }
    return Int32(MNG_STORED_BLOCKS.rawValue + block.rawValue)
  }

  /// Bytes of the weights.
  public var byteCount: Int { outputs * rowBytes }

  /// `result = epilogue(input · weightsᵀ)`.
  ///
  /// - Shapes: `input` is `[rows, inputs]`, `result` is `[rows, outputs]`; they do not overlap.
  /// - Types: sums in float32. Of few rows by quantised blocks, the input is taken in 16 bits under a
  ///   scale for each 32 numbers. A result depends neither on the threads nor on the other rows, but for
  ///   whether they are few or many.
  public func multiply(
    _ input: FloatView, rows: Int, into result: FloatView, epilogue: Epilogue = .none,
    pool: ThreadPool? = nil
  ) {
    precondition(rows >= 0)
    guard rows > 0 else { return }
    if rows <= StoredMatrix.fewRows {
      multiplyFew(input, rows, result, epilogue, pool)
    } else {
      multiplyMany(input, rows, result, epilogue, pool)
    }
  }

  private var rowBytes: Int { dataType.byteCount(of: inputs) }

  private func multiplyFew(
    _ input: FloatView, _ rows: Int, _ result: FloatView, _ epilogue: Epilogue, _ pool: ThreadPool?
  ) {
    let (inputs, outputs, stored) = (inputs, outputs, stored)
    let tile = 32
    // Pieces are large enough to be worth a thread's while, and enough to share out.
    let grain = max(1, min((1 << 16) / (tile * rowBytes), outputs / (tile * 8)))
    let bytes = mng_rows_prepared_bytes(stored, rows, inputs)
    unsafe withUnsafeTemporaryAllocation(byteCount: max(bytes, 64), alignment: 64) { scratch in
      let x = unsafe input.reading(rows * inputs, "input")
      if bytes > 0 {
        unsafe mng_rows_prepare(stored, x, inputs, rows, inputs, scratch.baseAddress)
      }
      nonisolated(unsafe) let (base, prepared) = unsafe (base, scratch.baseAddress)
      runParallel(pool, count: (outputs + tile - 1) / tile, grain: grain, inSpans: true) { range in
        var tail = unsafe epilogue.checked(rows: rows, columns: outputs)
        let columns = (range.lowerBound * tile)..<min(range.upperBound * tile, outputs)
        let y = unsafe result.writing(rows * outputs)
        unsafe mng_rows_f32(
          stored, base, inputs, input.reading(rows * inputs), inputs, prepared, rows, y, outputs,
          columns.lowerBound, columns.upperBound, &tail)
        unsafe epilogue.finish(
          y, stride: outputs, rows: 0..<rows, columns: columns, width: outputs)
      }
    }
  }

  private func multiplyMany(
    _ input: FloatView, _ rows: Int, _ result: FloatView, _ epilogue: Epilogue, _ pool: ThreadPool?
  ) {
    let isa = mng_isa_current()
    let panel = mng_gemm_f32_panel(isa)
    // Outputs that are widened together: as many as the caches hold.
    let width = panel * max(1, min(4, (1 << 17) / (panel * inputs)))
    let (inputs, outputs) = (inputs, outputs)
    let isWide = dataType == .float32
    let wide = isWide ? 0 : width * inputs
    let packed = mng_gemm_f32_packed_count(isa, inputs, width)
    let scratchBytes = mng_gemm_f32_scratch(rows, inputs)
    let matrix = self
    runParallel(pool, count: (outputs + width - 1) / width) { pieces in
      let bytes = scratchBytes + 4 * (packed + wide) + 128
      unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { memory in
        guard let start = memory.baseAddress else { return }
        let floats = unsafe start.assumingMemoryBound(to: Float.self)
        let packedPlace = unsafe floats + (wide + 15) / 16 * 16
        let scratch = unsafe packedPlace + (packed + 15) / 16 * 16
        let a = unsafe input.reading(rows * inputs, "input")
        let y = unsafe result.writing(rows * outputs)
        for piece in pieces {
          let columns = (piece * width)..<min((piece + 1) * width, outputs)
          let values = unsafe matrix.widened(columns, floats)
          var weight = unsafe mng_weight_f32(
            values: values, outputs: columns.count, inputs: inputs, kernel_height: 1,
            kernel_width: 1, output_stride: inputs, input_stride: 1, row_stride: 0,
            column_stride: 0, scale: nil)
          let panels = (columns.count + panel - 1) / panel
          unsafe mng_gemm_f32_pack(isa, &weight, packedPlace, 0, panels)
          var tail = unsafe epilogue.checked(rows: rows, columns: outputs)
          if let bias = unsafe tail.bias { unsafe tail.bias = bias + columns.lowerBound }
          if let residual = unsafe tail.residual {
            unsafe tail.residual = residual + columns.lowerBound
          }
          unsafe mng_gemm_f32(
            isa, a, inputs, inputs, packedPlace, columns.count, y + columns.lowerBound, outputs, 0,
            rows, 0, panels, &tail, scratch)
          unsafe epilogue.finish(
            y, stride: outputs, rows: 0..<rows, columns: columns, width: outputs)
        }
      }
    }
  }

  /// The weights of some outputs as floats: in `scratch`, unless they are floats already.
  private func widened(
    _ columns: Range<Int>, _ scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let source = unsafe base + columns.lowerBound * rowBytes
    let count = columns.count * inputs
    switch stored {
    case Int32(MNG_STORED_F32.rawValue): return unsafe source.assumingMemoryBound(to: Float.self)
    case Int32(MNG_STORED_F16.rawValue): _ = unsafe mng_widen_f32(MNG_F16, source, scratch, count)
    case Int32(MNG_STORED_BF16.rawValue): _ = unsafe mng_widen_f32(MNG_BF16, source, scratch, count)
    default:
      let type = mng_block_type(UInt32(stored) - MNG_STORED_BLOCKS.rawValue)
      unsafe mng_dequantize_f32(type, source, scratch, count / dataType.blockElements)
    }
    return unsafe UnsafePointer(scratch)
  }
}
