import CKernels

/// Products that sum over the rows of both operands, as gradients of weights are.
///
/// Each result is one sum in order, the same for any number of threads.
public enum ProductAcross {
  /// `result = leftᵀ · right`, with both read as they lie: for many rows and few columns.
  ///
  /// - Shapes: `left` is `[inputs, rows]`, `right` `[inputs, columns]`, `result` `[rows, columns]`; they do not overlap.
  public static func multiply(
    _ left: FloatView, rows: Int, _ right: FloatView, columns: Int, inputs: Int,
    into result: FloatView, instructionSet: InstructionSet = .current, pool: ThreadPool? = nil
  ) {
    precondition(rows > 0 && columns > 0 && inputs > 0)
    let isa = instructionSet.isa
    let tiles = mng_gemm_f32_across_tiles(isa, 1, rows)
    unsafe runTiles(tiles, columns: columns, inputs: inputs, isa, pool) { tiles, panels, scratch in
      unsafe mng_gemm_f32_across(
        isa, left.reading(inputs * rows, "left"), rows, rows, inputs,
        right.reading(inputs * columns, "right"), columns, columns, false,
        result.writing(rows * columns), columns, tiles.lowerBound, tiles.upperBound,
        panels.lowerBound, panels.upperBound, scratch)
    }
  }

  /// The gradient of a convolution's weight, of a group's channels.
  ///
  /// - Shapes: `flow` is the gradient of the convolution's result; `result` is `[kernelHeight, kernelWidth, channels,
  ///   outputs]` of all groups' outputs.
  static func multiplyWindows(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, group: Int,
    into result: FloatView, instructionSet: InstructionSet = .current, pool: ThreadPool?
  ) {
    let (isa, channels) = (instructionSet.isa, geometry.inputChannelsPerGroup)
    let (all, outputs) = (geometry.outputChannels, geometry.outputChannelsPerGroup)
    var (window, units, rows) = (geometry.window, 0, 0)
    unsafe mng_window_rows(&window, channels, &units, &rows)
    let tiles = mng_gemm_f32_across_tiles(isa, units, rows)
    let first = group * outputs
    unsafe runTiles(tiles, columns: outputs, inputs: geometry.outputRows, isa, pool) {
      tiles, panels, scratch in
      var window = geometry.window
      unsafe mng_convolution_weight_gradient_f32(
        isa, &window, group * channels, channels, input.reading(geometry.inputCount, "input"),
        flow.reading(geometry.outputCount, "gradient") + first, all, outputs,
        result.writing(geometry.kernelCount * channels * all) + first, all, tiles.lowerBound,
        tiles.upperBound, panels.lowerBound, panels.upperBound, scratch)
    }
  }
}

extension PackedMatrix {
  /// `result = leftᵀ · matrix`: for a matrix that many rows of the result ask for.
  ///
  /// - Shapes: `left` is `[inputs, rows]` with `stride` floats between its rows, `result` `[rows, outputs]`; they do not
  ///   overlap.
  public func multiplyAcross(
    _ left: FloatView, rows: Int, stride: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows > 0 && stride >= rows && inputs > 0 && isRowwise)
    let isa = instructionSet.isa
    let (inputs, outputs, packed) = (inputs, outputs, packed)
    let tiles = mng_gemm_f32_across_tiles(isa, 1, rows)
    unsafe runTiles(tiles, columns: outputs, inputs: inputs, isa, pool) { tiles, panels, scratch in
      unsafe mng_gemm_f32_across(
        isa, left.reading((inputs - 1) * stride + rows, "left"), stride, rows, inputs,
        packed.reading(packed.count), 0, outputs, false, result.writing(rows * outputs), outputs,
        tiles.lowerBound, tiles.upperBound, panels.lowerBound, panels.upperBound, scratch)
    }
  }
}

/// Runs over tiles of rows and panels of columns in pieces that are worth gathering for, with scratch for each.
private func runTiles(
  _ tiles: Int, columns: Int, inputs: Int, _ isa: mng_isa, _ pool: ThreadPool?,
  _ body: @Sendable (_ tiles: Range<Int>, _ panels: Range<Int>, UnsafeMutableRawPointer?) -> Void
) {
  let panel = mng_gemm_f32_panel(isa)
  let work = TileGrid(
    rows: tiles, tile: 1, panels: (columns + panel - 1) / panel, threads: pool?.threads ?? 1)
  runParallel(pool, count: work.count) { range in
    unsafe withUnsafeTemporaryAllocation(
      byteCount: mng_gemm_f32_across_scratch(isa, inputs), alignment: 64
    ) { scratch in
      for index in range {
        let (tiles, panels) = work[index]
        unsafe body(tiles, panels, scratch.baseAddress)
      }
    }
  }
}
