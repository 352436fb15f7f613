import CKernels

/// The portable way to multiply large matrices: OpenBLAS over dense weights, where no kernel of
/// ours fits the processor.
///
/// Pieces have one size whatever the number of threads, so that the results do, too.
struct DenseProduct: Sendable {
  /// K and N of a group.
  let inputs: Int
  let outputs: Int
  let groups: Int

  /// `[groups, inputs, outputs]`.
  private let weights: FloatView

  private static let rowStep = 128

  /// Whether products by such weights go this way.
  static func serves(_ weight: Weight, groups: Int, _ instructionSet: InstructionSet) -> Bool {
    serves(
      inputs: weight.inputs * weight.kernelHeight * weight.kernelWidth, outputs: weight.outputs,
      groups: groups, instructionSet)
  }

  /// Whether such a convolution goes this way.
  static func serves(_ geometry: ConvolutionGeometry, _ instructionSet: InstructionSet) -> Bool {
    serves(
      inputs: geometry.inputChannelsPerGroup * geometry.kernelCount,
      outputs: geometry.outputChannels, groups: geometry.groups, instructionSet)
  }

  private static func serves(
    inputs: Int, outputs: Int, groups: Int, _ instructionSet: InstructionSet
  ) -> Bool {
    instructionSet == .baseline && inputs >= 32 && outputs / groups >= 32
      && max(inputs, outputs) < 1 << 24 && mng_blas_available()
  }

  init(_ weight: Weight, groups: Int) {
    inputs = weight.inputs * weight.kernelHeight * weight.kernelWidth
    outputs = weight.outputs / groups
    self.groups = groups
    weights = FloatView(zeros: inputs * outputs * groups)
    for group in 0..<groups {
      var part = unsafe weight.checked()
      unsafe part.values += group * outputs * weight.strides.output
      unsafe part.outputs = outputs
      if weight.scale != nil { unsafe part.scale += group * outputs }
      unsafe mng_weight_f32_dense(
        &part, weights.writing(weights.count) + group * inputs * outputs)
    }
  }

  /// Rows that lie in memory `stride` apart.
  func multiply(
    _ input: FloatView, rows: Int, stride: Int, offset: Int, into result: FloatView,
    resultStride: Int, resultOffset: Int, epilogue: Epilogue, pool: ThreadPool?
  ) {
    let depth = inputs
    unsafe runPieces(
      rows: rows, into: result, resultStride: resultStride, resultOffset: resultOffset,
      epilogue: epilogue, pool: pool
    ) { _, range, body in
      let a = unsafe input.reading(offset + (rows - 1) * stride + depth, "input")
      unsafe body(a + offset + range.lowerBound * stride, stride)
    }
  }

  /// Windows of images, unrolled piece by piece.
  func convolve(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView, epilogue: Epilogue,
    pool: ThreadPool?
  ) {
    let (depth, channels) = (inputs, geometry.inputChannelsPerGroup)
    unsafe runPieces(
      rows: geometry.outputRows, into: result, resultStride: geometry.outputChannels,
      resultOffset: 0, epilogue: epilogue, pool: pool
    ) { group, range, body in
      let bytes = range.count * depth * 4
      unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
        var window = geometry.window
        let columns = unsafe scratch.bindMemory(to: Float.self)
        guard let base = columns.baseAddress else { return }
        unsafe mng_unfold_f32(
          &window, group * channels, channels, input.reading(geometry.inputCount, "input"),
          range.lowerBound, range.upperBound, base)
        unsafe body(UnsafePointer(base), depth)
      }
    }
  }

  /// `rowsOf` hands a group's rows of a range, and how far apart they lie, to its last argument.
  private func runPieces(
    rows: Int, into result: FloatView, resultStride: Int, resultOffset: Int, epilogue: Epilogue,
    pool: ThreadPool?,
    rowsOf: @Sendable (Int, Range<Int>, (UnsafePointer<Float>, Int) -> Void) -> Void
  ) {
    guard rows > 0 else { return }
    let (inputs, outputs, groups, weights) = (inputs, outputs, groups, weights)
    let columns = outputs * groups
    let steps = (rows + Self.rowStep - 1) / Self.rowStep
    runParallel(pool, count: steps * groups) { pieces in
      let tail = unsafe epilogue.checked(rows: rows, columns: columns)
      for piece in pieces {
        let (group, step) = piece.quotientAndRemainder(dividingBy: steps)
        let range = step * Self.rowStep..<min((step + 1) * Self.rowStep, rows)
        let y =
          unsafe result.writing(resultOffset + (rows - 1) * resultStride + columns) + resultOffset
          + range.lowerBound * resultStride + group * outputs
        if let residual = unsafe tail.residual {
          for row in 0..<range.count {
            let from = unsafe residual + (range.lowerBound + row) * columns + group * outputs
            unsafe (y + row * resultStride).update(from: from, count: outputs)
          }
        }
        unsafe rowsOf(group, range) { a, stride in
          unsafe mng_blas_f32(
            range.count, outputs, inputs, a, stride,
            weights.reading(weights.count) + group * inputs * outputs, outputs,
            tail.residual != nil, y, resultStride)
        }
        unsafe mng_finish_f32(
          range.count, outputs, tail.bias.map { unsafe $0 + group * outputs }, tail.minimum,
          tail.maximum, y, resultStride)
        let start = unsafe result.writing(result.count) + resultOffset
        unsafe epilogue.finish(
          start, stride: resultStride, rows: range,
          columns: (group * outputs)..<((group + 1) * outputs), width: columns)
      }
    }
  }
}
