import CKernels

/// A depthwise convolution's weights, one window an output channel, laid out for channels-last
/// images.
///
/// Output channel `o` sees input channel `o / multiplier`.
public struct DepthwiseConvolution: Sendable {
  public let channels: Int
  public let outputChannels: Int
  public let kernelHeight: Int
  public let kernelWidth: Int

  /// `[kernelHeight, kernelWidth, outputChannels]`.
  let packed: FloatView

  /// - Parameter weight: `[outputChannels, 1, kernelHeight, kernelWidth]` under any strides.
  public init(_ weight: Weight, channels: Int) {
    precondition(
      weight.inputs == 1 && channels > 0 && weight.outputs % channels == 0,
      "\(weight.outputs) outputs of \(channels) channels")
    self.channels = channels
    outputChannels = weight.outputs
    kernelHeight = weight.kernelHeight
    kernelWidth = weight.kernelWidth
    packed = FloatView(zeros: outputChannels * kernelHeight * kernelWidth)
    let source = unsafe weight.checked()
    let target = unsafe packed.writing(packed.count)
    for row in 0..<kernelHeight {
      for column in 0..<kernelWidth {
        let window = row * weight.strides.row + column * weight.strides.column
        let start = (row * kernelWidth + column) * outputChannels
        for output in 0..<outputChannels {
          let scale = weight.scale?[output] ?? 1
          unsafe target[start + output] =
            source.values[window + output * weight.strides.output] * scale
        }
      }
    }
  }

  /// `result = clamp(convolution(input) + bias)`.
  ///
  /// - Shapes: as `PackedConvolution.convolve`; `geometry.groups` is the number of input channels.
  public func convolve(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    bias: FloatView? = nil, clamp: Clamp = .none, pool: ThreadPool? = nil
  ) {
    precondition(
      geometry.groups == channels && geometry.channels == channels
        && geometry.outputChannels == outputChannels && geometry.kernelHeight == kernelHeight
        && geometry.kernelWidth == kernelWidth,
      "depthwise weights [\(outputChannels), 1, \(kernelHeight), \(kernelWidth)] for \(geometry)")
    let packed = packed
    let lines = geometry.batch * geometry.outputHeight
    runParallel(pool, count: lines, grain: lineGrain(lines, pool)) { range in
      var window = geometry.window
      unsafe mng_depthwise_f32(
        &window, input.reading(geometry.inputCount, "input"), packed.reading(packed.count),
        bias?.reading(geometry.outputChannels, "bias"), clamp.minimum, clamp.maximum,
        result.writing(geometry.outputCount), range.lowerBound, range.upperBound)
    }
  }
}

/// Lines of images in one piece of work: four pieces a thread.
func lineGrain(_ lines: Int, _ pool: ThreadPool?) -> Int {
  guard let pool, pool.threads > 1 else { return max(1, lines) }
  return max(1, lines / (pool.threads * 4))
}
