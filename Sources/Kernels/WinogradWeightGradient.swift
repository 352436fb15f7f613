import CKernels

/// The gradient of the weight of a convolution with windows 3 by 3 and stride 1, by the transposed of Winograd's
/// F(4×4, 3×3).
///
/// It takes a quarter of the multiplications; its error is about twice that of the plain sum.
public struct WinogradWeightGradient: Sendable {
  public let geometry: ConvolutionGeometry
  public let instructionSet: InstructionSet

  private let cut: mng_winograd_gradient_cut

  public init(_ geometry: ConvolutionGeometry, instructionSet: InstructionSet = .current) {
    precondition(WinogradConvolution.serves(geometry))
    self.geometry = geometry
    self.instructionSet = instructionSet
    var window = geometry.window
    cut = unsafe mng_winograd_gradient_f32_cut(instructionSet.isa, &window)
  }

  /// Floats of scratch that `callAsFunction` wants.
  public var scratchCount: Int { cut.input_floats + cut.flow_floats + cut.sums_floats }

  /// - Shapes: as `ConvolutionGradient.weight`; `scratch` has `scratchCount` floats.
  /// - Types: each of a weight's 36 products is one sum over the tiles in order, the same for any number of threads.
  public func callAsFunction(
    _ input: FloatView, _ flow: FloatView, into result: FloatView, scratch: FloatView,
    pool: ThreadPool? = nil
  ) {
    let (geometry, cut, isa) = (geometry, cut, instructionSet.isa)
    let weights = geometry.outputChannels * geometry.channels * 9
    guard cut.tiles > 0 else { return result[0..<weights].fill(0) }
    let zero = FloatView(zeros: max(geometry.channels, geometry.outputChannels))
    let (inputs, rest) = (
      scratch[0..<cut.input_floats], scratch[cut.input_floats..<scratch.count]
    )
    let (flows, sums) = (
      rest[0..<cut.flow_floats], rest[cut.flow_floats..<(cut.flow_floats + cut.sums_floats)]
    )
    let work = TileGrid(
      rows: cut.rows, tile: 1, panels: cut.panels, threads: pool?.threads ?? 1)
    for first in stride(from: 0, to: cut.tiles, by: cut.chunk) {
      runParallel(pool, count: min(cut.chunk, cut.tiles - first), grain: 8) { range in
        var (window, cut) = (geometry.window, cut)
        unsafe mng_winograd_gradient_f32_transform(
          isa, &window, &cut, input.reading(geometry.inputCount, "input"),
          flow.reading(geometry.outputCount, "gradient"), zero.reading(zero.count), first,
          range.lowerBound, range.upperBound, inputs.writing(cut.input_floats),
          flows.writing(cut.flow_floats))
      }
      runParallel(pool, count: work.count) { range in
        var (window, cut) = (geometry.window, cut)
        unsafe withUnsafeTemporaryAllocation(byteCount: cut.scratch_bytes, alignment: 64) {
          scratch in
          for index in range {
            let (rows, panels) = work[index]
            unsafe mng_winograd_gradient_f32_products(
              isa, &window, &cut, first, inputs.reading(cut.input_floats),
              flows.reading(cut.flow_floats), sums.writing(cut.sums_floats), rows.lowerBound,
              rows.upperBound, panels.lowerBound, panels.upperBound, result.writing(weights),
              scratch.baseAddress)
          }
        }
      }
    }
  }

  /// Whether it is faster than plain sums, estimated from the extents; the number of threads has no say.
  public static func isFaster(
    for geometry: ConvolutionGeometry, instructionSet: InstructionSet = .current
  ) -> Bool {
    guard WinogradConvolution.serves(geometry) else { return false }
    var window = geometry.window
    let tiles = unsafe Double(mng_winograd_f32_tiles(&window))
    let (inputs, outputs) = (Double(geometry.channels), Double(geometry.outputChannels))
    // In cycles of one multiply-add of 16 lanes
    let products = 36 * (tiles + 10) * inputs * outputs / 16
    let transforms = tiles * (inputs + outputs) / 16 * 300
    return products + transforms < 0.8 * 9 * Double(geometry.outputRows) * inputs * outputs / 16
      && min(inputs, outputs) >= 8
  }
}
