import CKernels

extension WinogradConvolution {
  /// Whether such a convolution is faster this way than by plain sums, estimated from its extents.
  ///
  /// The number of threads has no say, since no result may depend on it: two are assumed to share
  /// the way to memory.
  public static func isFaster(
    for geometry: ConvolutionGeometry, instructionSet: InstructionSet = .current
  ) -> Bool {
    guard serves(geometry), !DenseProduct.serves(geometry, instructionSet) else { return false }
    var window = geometry.window
    let tiles = unsafe Double(mng_winograd_f32_tiles(&window))
    let (inputs, outputs) = (Double(geometry.channels), Double(geometry.outputChannels))
    let threads = 2.0
    // In cycles of one multiply-add of 16 lanes.
    let products = max(
      36 * tiles * inputs * outputs / 16 / threads, 36 * inputs * outputs / Self.weightsACycle)
    let transforms =
      tiles * (vectors(geometry.channels) * 250 + vectors(geometry.outputChannels) * 300)
    let sums = max(
      9 * Double(geometry.outputRows) * inputs * outputs / 16 / threads,
      9 * inputs * outputs / Self.weightsACycle)
    return products + transforms / threads < 0.8 * sums
  }

  /// Weights that come from memory in a cycle.
  private static let weightsACycle = 1.25

  /// Steps that a loop over channels takes, by 16, 8, 4 and 1.
  private static func vectors(_ channels: Int) -> Double {
    Double(channels / 16 + channels % 16 / 8 + channels % 8 / 4 + channels % 4)
  }
}
