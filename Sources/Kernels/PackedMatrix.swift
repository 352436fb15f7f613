import CKernels

/// The right-hand matrix of a product, packed once for the instruction set that will run it.
public struct PackedMatrix: Sendable {
  /// K: what is summed over.
  public let inputs: Int

  /// N: columns of the result.
  public let outputs: Int

  public let instructionSet: InstructionSet

  let packed: FloatView
  let panels: Int
  private let dense: DenseProduct?

  /// - Parameters:
  ///   - weight: a matrix, as `Weight.linear` and `Weight.matrix` make it.
  ///   - usesOpenBLAS: whether large baseline products go by it, if the system has it.
  ///   - memory: where to pack it, `packedCount` floats; new memory when nil.
  public init(
    _ weight: Weight, instructionSet: InstructionSet = .current, usesOpenBLAS: Bool = true,
    memory: FloatView? = nil, pool: ThreadPool? = nil
  ) {
    precondition(weight.kernelHeight == 1 && weight.kernelWidth == 1, "a matrix has no window")
    inputs = weight.inputs
    outputs = weight.outputs
    self.instructionSet = instructionSet
    let isa = instructionSet.isa
    let panel = mng_gemm_f32_panel(isa)
    if usesOpenBLAS, DenseProduct.serves(weight, groups: 1, instructionSet) {
      dense = DenseProduct(weight, groups: 1)
      packed = FloatView(zeros: 0)
      panels = 0
      return
    }
    dense = nil
    panels = (outputs + panel - 1) / panel
    let count = mng_gemm_f32_packed_count(isa, inputs, outputs)
    let packed = memory.map { $0[0..<count] } ?? FloatView(unwritten: count)
    self.packed = packed
    runParallel(pool, count: panels, grain: max(1, panels / 16)) { range in
      var source = unsafe weight.checked()
      unsafe mng_gemm_f32_pack(
        isa, &source, packed.writing(packed.count), range.lowerBound, range.upperBound)
    }
  }

  /// Several matrices of as many inputs side by side, made by `Weight.linear`.
  public init(
    joining weights: [Weight], instructionSet: InstructionSet = .current, pool: ThreadPool? = nil
  ) {
    precondition(!weights.isEmpty && weights.allSatisfy { $0.inputs == weights[0].inputs })
    let inputs = weights[0].inputs
    let all = FloatView(unwritten: weights.reduce(0) { $0 + $1.outputs } * inputs)
    var start = 0
    for weight in weights {
      precondition(
        weight.strides.input == 1 && weight.strides.output == inputs && weight.scale == nil)
      let count = weight.outputs * inputs
      all[start..<(start + count)].copy(from: weight.values[0..<count])
      start += count
    }
    self.init(
      .linear(all, outputs: start / max(inputs, 1), inputs: inputs), instructionSet: instructionSet,
      pool: pool)
  }

  /// Whether a row's results are the same whatever other rows there are; OpenBLAS does not promise that.
  public var isRowwise: Bool { dense == nil }

  /// Floats that a matrix takes when it is packed.
  public static func packedCount(
    inputs: Int, outputs: Int, _ instructionSet: InstructionSet = .current
  ) -> Int { mng_gemm_f32_packed_count(instructionSet.isa, inputs, outputs) }

  /// Bytes of the weights.
  public var byteCount: Int { 4 * inputs * outputs }

  /// `result = epilogue(input · matrix)`.
  ///
  /// - Shapes: `input` is `[rows, inputs]`, `result` is `[rows, outputs]`; they do not overlap.
  /// - Types: each result is one sum over `inputs` in order, the same for any number of threads.
  public func multiply(
    _ input: FloatView, rows: Int, into result: FloatView, epilogue: Epilogue = .none,
    pool: ThreadPool? = nil
  ) {
    multiply(
      input, rows: rows, stride: inputs, offset: 0, into: result, resultStride: outputs,
      resultOffset: 0, epilogue: epilogue, pool: pool)
  }

  /// The same for rows that lie `stride` and `resultStride` floats apart, from an offset.
  ///
  /// The residual, if any, is dense.
  public func multiply(
    _ input: FloatView, rows: Int, stride: Int, offset: Int, into result: FloatView,
    resultStride: Int, resultOffset: Int, epilogue: Epilogue = .none, pool: ThreadPool? = nil
  ) {
    precondition(rows >= 0 && stride >= 0 && offset >= 0 && resultOffset >= 0)
    precondition(rows <= 1 || resultStride >= outputs, "rows of the result overlap")
    guard rows > 0, outputs > 0 else { return }
    if let dense {
      dense.multiply(
        input, rows: rows, stride: stride, offset: offset, into: result,
        resultStride: resultStride, resultOffset: resultOffset, epilogue: epilogue, pool: pool)
      return
    }
    let isa = instructionSet.isa
    let (inputs, outputs, packed) = (inputs, outputs, packed)
    let work = TileGrid(
      rows: rows, tile: mng_gemm_f32_tile_rows(isa), panels: panels,
      threads: pool?.threads ?? 1)
    runParallel(pool, count: work.count) { range in
      var tail = unsafe epilogue.checked(rows: rows, columns: outputs, activates: true)
      let a = unsafe input.reading(offset + (rows - 1) * stride + inputs, "input") + offset
      let b = unsafe packed.reading(packed.count)
      let y =
        unsafe result.writing(resultOffset + (rows - 1) * resultStride + outputs) + resultOffset
      let bytes = mng_gemm_f32_scratch(work.largestRows, inputs)
      unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
        for index in range {
          let (rows, panels) = work[index]
          unsafe mng_gemm_f32(
            isa, a, stride, inputs, b, outputs, y, resultStride, rows.lowerBound, rows.upperBound,
            panels.lowerBound, panels.upperBound, &tail, scratch.baseAddress)
          let panel = mng_gemm_f32_panel(isa)
          unsafe epilogue.finish(
            y, stride: resultStride, rows: rows,
            columns: (panels.lowerBound * panel)..<min(panels.upperBound * panel, outputs),
            width: outputs, isActivated: true)
        }
      }
    }
  }
}
