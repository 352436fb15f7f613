import CKernels

extension PackedMatrix {
  /// `result = leftᵀ · matrix`: a product that sums over the rows of both, as the gradient of a weight is.
  ///
  /// - Shapes: `left` is `[inputs, rows]` with `stride` floats between its rows, `result` `[rows, outputs]`; they do not
  ///   overlap.
  /// - Types: each result is one sum over `inputs` in order, the same for any number of threads.
  public func multiplyAcross(
    _ left: FloatView, rows: Int, stride: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows > 0 && stride >= rows && inputs > 0 && isRowwise)
    let isa = instructionSet.isa
    let (inputs, outputs, packed) = (inputs, outputs, packed)
    unsafe runTiles(mng_gemm_f32_across_tiles(isa, 1, rows), inputs: inputs, isa, pool) {
      tiles, scratch in
      unsafe mng_gemm_f32_across(
        isa, left.reading((inputs - 1) * stride + rows, "left"), stride, rows, inputs,
        packed.reading(packed.count), outputs, false, result.writing(rows * outputs), outputs,
        tiles.lowerBound, tiles.upperBound, scratch)
    }
  }

  /// The gradient of a convolution's weight, of a group's channels; this matrix is the gradient of the convolution's
  /// result, `[pixels, outputs]`.
  ///
  /// - Shapes: `result` is `[kernelHeight, kernelWidth, channels, outputs]` of all groups' outputs.
  func multiplyWindows(
    _ input: FloatView, geometry: ConvolutionGeometry, group: Int, into result: FloatView,
    pool: ThreadPool?
  ) {
    let (isa, channels) = (instructionSet.isa, geometry.inputChannelsPerGroup)
    let (outputs, packed) = (outputs, packed)
    var (window, units, rows) = (geometry.window, 0, 0)
    unsafe mng_window_rows(&window, channels, &units, &rows)
    unsafe runTiles(mng_gemm_f32_across_tiles(isa, units, rows), inputs: inputs, isa, pool) {
      tiles, scratch in
      var window = geometry.window
      unsafe mng_convolution_weight_gradient_f32(
        isa, &window, group * channels, channels, input.reading(geometry.inputCount, "input"),
        packed.reading(packed.count), outputs,
        result.writing(geometry.kernelCount * channels * geometry.outputChannels) + group * outputs,
        geometry.outputChannels, tiles.lowerBound, tiles.upperBound, scratch)
    }
  }
}

/// Runs over tiles of rows in ranges that are worth packing for, with scratch for each.
private func runTiles(
  _ count: Int, inputs: Int, _ isa: mng_isa, _ pool: ThreadPool?,
  _ body: @Sendable (Range<Int>, UnsafeMutableRawPointer?) -> Void
) {
  let threads = pool?.threads ?? 1
  // A few ranges a thread: all read the whole right matrix
  let pieces = threads == 1 ? 1 : min(count, 3 * threads)
  runParallel(pool, count: pieces) { range in
    unsafe withUnsafeTemporaryAllocation(
      byteCount: mng_gemm_f32_across_scratch(isa, inputs), alignment: 64
    ) { scratch in
      for piece in range {
        unsafe body(
          (piece * count / pieces)..<((piece + 1) * count / pieces), scratch.baseAddress)
      }
    }
  }
}
