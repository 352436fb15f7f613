import CKernels

/// The right-hand matrix of a product of numbers that are rounded to bfloat16, and summed in float32.
///
/// Both operands are float32 in memory. Products go by the processor's own instructions (AVX512_BF16) where it has them.
public struct BFloat16Matrix: Sendable {
  /// K: what is summed over.
  public let inputs: Int

  /// N: columns of the result.
  public let outputs: Int

  /// Two numbers to a float's bits.
  private let packed: FloatView
  private let panels: Int

  /// - Parameters:
  ///   - weight: a matrix, as `Weight.linear` and `Weight.matrix` make it.
  ///   - memory: where to pack it, `packedCount` floats; new memory when nil.
  public init(_ weight: Weight, memory: FloatView? = nil, pool: ThreadPool? = nil) {
    precondition(weight.kernelHeight == 1 && weight.kernelWidth == 1, "a matrix has no window")
    precondition(!weight.isFlipped)
    inputs = weight.inputs
    outputs = weight.outputs
    let width = Int(MNG_GEMM_BF16_PANEL)
    let panels = (outputs + width - 1) / width
    let count = Self.packedCount(inputs: inputs, outputs: outputs)
    let packed = memory.map { $0[0..<count] } ?? FloatView(unwritten: count)
    self.panels = panels
    self.packed = packed
    runParallel(pool, count: panels, grain: max(1, panels / 16)) { range in
      var source = unsafe weight.checked()
      unsafe mng_gemm_bf16_pack(
        &source,
        UnsafeMutableRawPointer(packed.writing(count)).assumingMemoryBound(to: UInt16.self),
        range.lowerBound, range.upperBound)
    }
  }

  /// Whether such products are faster than those of float32 here; where not, they are slower.
  public static var isFast: Bool { mng_gemm_bf16_is_fast() }

  /// Floats that a matrix takes when it is packed.
  public static func packedCount(inputs: Int, outputs: Int) -> Int {
    mng_gemm_bf16_packed_count(inputs, outputs) / 2
  }

  /// Bytes of the weights.
  public var byteCount: Int { 2 * inputs * outputs }

  /// A row's results are the same whatever other rows there are.
  public var isRowwise: Bool { true }

  /// `result = epilogue(input · matrix)`.
  ///
  /// - Shapes: `input` is `[rows, inputs]`, `result` is `[rows, outputs]`; they do not overlap.
  /// - Types: each result is one sum over pairs of `inputs` in order, the same for any number of threads.
  public func multiply(
    _ input: FloatView, rows: Int, into result: FloatView, epilogue: Epilogue = .none,
    pool: ThreadPool? = nil
  ) {
    precondition(rows >= 0 && input.count >= rows * inputs)
    multiply(
      input, rows: rows, strides: (inputs, 1), into: result, epilogue: epilogue, pool: pool)
  }

  /// `result = leftᵀ · matrix`: a product that sums over the rows of both, as the gradient of a weight is.
  ///
  /// - Shapes: `left` is `[inputs, rows]` with `stride` floats between its rows, `result` `[rows, outputs]`; they do not
  ///   overlap.
  public func multiplyAcross(
    _ left: FloatView, rows: Int, stride: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows >= 0 && stride >= rows)
    precondition(rows == 0 || inputs == 0 || left.count >= (inputs - 1) * stride + rows)
    multiply(left, rows: rows, strides: (1, stride), into: result, epilogue: .none, pool: pool)
  }

  private func multiply(
    _ left: FloatView, rows: Int, strides: (row: Int, input: Int), into result: FloatView,
    epilogue: Epilogue, pool: ThreadPool?
  ) {
    guard rows > 0, outputs > 0 else { return }
    let (inputs, outputs, packed) = (inputs, outputs, packed)
    let width = Int(MNG_GEMM_BF16_PANEL)
    let work = TileGrid(
      rows: rows, tile: Int(MNG_GEMM_BF16_TILE), panels: panels, threads: pool?.threads ?? 1)
    runParallel(pool, count: work.count) { range in
      let tail = unsafe epilogue.checked(rows: rows, columns: outputs)
      let a = unsafe left.reading(left.count, "left")
      let b = unsafe UnsafeRawPointer(packed.reading(packed.count))
        .assumingMemoryBound(to: UInt16.self)
      let y = unsafe result.writing(rows * outputs)
      let bytes = mng_gemm_bf16_scratch(work.largestRows, inputs)
      unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
        for index in range {
          let (rows, panels) = work[index]
          let columns = (panels.lowerBound * width)..<min(panels.upperBound * width, outputs)
          let start = unsafe y + rows.lowerBound * outputs + columns.lowerBound
          if let residual = unsafe tail.residual, unsafe residual != UnsafePointer(y) {
            for row in 0..<rows.count {
              let from = unsafe residual + (rows.lowerBound + row) * outputs + columns.lowerBound
              unsafe (start + row * outputs).update(from: from, count: columns.count)
            }
          }
          unsafe mng_gemm_bf16(
            a, strides.row, strides.input, inputs, b, outputs, tail.residual != nil, y, outputs,
            rows.lowerBound, rows.upperBound, panels.lowerBound, panels.upperBound,
            scratch.baseAddress)
          if unsafe tail.bias != nil || tail.minimum > -.infinity || tail.maximum < .infinity {
            unsafe mng_finish_f32(
              rows.count, columns.count, tail.bias.map { unsafe $0 + columns.lowerBound },
              tail.minimum, tail.maximum, start, outputs)
          }
          unsafe epilogue.finish(
            y, stride: outputs, rows: rows, columns: columns, width: outputs)
        }
      }
    }
  }
}
