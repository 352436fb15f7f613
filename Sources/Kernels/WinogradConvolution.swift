import CKernels

/// The weights of a convolution with windows 3 by 3 and stride 1, transformed and packed for
/// Winograd's F(4×4, 3×3).
///
/// It takes a quarter of the multiplications, and four times the memory for weights. A result's
/// error is about twice that of the plain sum; where an input is infinite or NaN, so are all the 16
/// outputs of its tile.
public struct WinogradConvolution: Sendable {
  public let channels: Int
  public let outputChannels: Int
  public let instructionSet: InstructionSet

  private let packed: FloatView
  private let zero: FloatView
  private let panels: Int

  /// - Parameters:
  ///   - weight: `[outputChannels, channels, 3, 3]`, as `Weight.oihw` and `Weight.hwio` make it.
  ///   - memory: where to pack it, `packedCount` floats; new memory when nil.
  public init(
    _ weight: Weight, instructionSet: InstructionSet = .current, memory: FloatView? = nil,
    pool: ThreadPool? = nil
  ) {
    precondition(
      weight.kernelHeight == 3 && weight.kernelWidth == 3 && weight.inputs > 0
        && weight.outputs > 0,
      "a window of \(weight.kernelHeight) by \(weight.kernelWidth)")
    channels = weight.inputs
    outputChannels = weight.outputs
    self.instructionSet = instructionSet
    let isa = instructionSet.isa
    let panel = mng_gemm_f32_panel(isa)
    panels = (weight.outputs + panel - 1) / panel
    let count = mng_winograd_f32_packed_count(isa, weight.inputs, weight.outputs)
    let packed = memory.map { $0[0..<count] } ?? FloatView(unwritten: count)
    self.packed = packed
    zero = FloatView(zeros: channels)
    runParallel(pool, count: panels) { range in
      var source = unsafe weight.checked()
      unsafe mng_winograd_f32_pack(
        isa, &source, packed.writing(packed.count), range.lowerBound, range.upperBound)
    }
  }

  /// Floats that the weights of a convolution take when they are transformed and packed.
  public static func packedCount(
    _ geometry: ConvolutionGeometry, _ instructionSet: InstructionSet = .current
  ) -> Int {
    mng_winograd_f32_packed_count(
      instructionSet.isa, geometry.channels, geometry.outputChannels)
  }

  /// Whether it computes such convolutions at all.
  public static func serves(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.kernelHeight == 3 && geometry.kernelWidth == 3 && geometry.strideHeight == 1
      && geometry.strideWidth == 1 && geometry.dilationHeight == 1 && geometry.dilationWidth == 1
      && geometry.groups == 1
  }

  /// `result = epilogue(convolution(input))`.
  ///
  /// - Shapes: as `PackedConvolution.convolve`.
  /// - Types: each of a tile's 36 products is one sum over the channels in order, the same for any
  ///   number of threads.
  public func convolve(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    epilogue: Epilogue = .none, pool: ThreadPool? = nil
  ) {
    precondition(
      Self.serves(geometry) && geometry.channels == channels
        && geometry.outputChannels == outputChannels,
      "weights [\(outputChannels), \(channels), 3, 3] for \(geometry)")
    let isa = instructionSet.isa
    var window = geometry.window
    let tiles = unsafe mng_winograd_f32_tiles(&window)
    let rows = mng_gemm_f32_tile_rows(isa)
    let parts = max(1, (tiles + rows - 1) / rows)
    let work = TileGrid(
      rows: tiles, tile: max(1, (tiles + parts - 1) / parts), panels: panels,
      threads: pool?.threads ?? 1)
    let (packed, zero) = (packed, zero)
    runParallel(pool, count: work.count) { range in
      var window = geometry.window
      var cut = unsafe mng_winograd_f32_cut(isa, &window, work.largestRows, work.largestPanels)
      var tail = unsafe epilogue.checked(
        rows: geometry.outputRows, columns: geometry.outputChannels)
      let x = unsafe input.reading(geometry.inputCount, "input")
      let weights = unsafe packed.reading(packed.count)
      let y = unsafe result.writing(geometry.outputCount)
      unsafe withUnsafeTemporaryAllocation(byteCount: cut.bytes, alignment: 64) { scratch in
        for index in range {
          let (tiles, panels) = work[index]
          unsafe mng_winograd_f32(
            isa, &window, &cut, x, weights, zero.reading(geometry.channels), y, tiles.lowerBound,
            tiles.upperBound, panels.lowerBound, panels.upperBound, &tail, scratch.baseAddress)
        }
      }
    }
  }
}
