import CKernels

/// Gradients of convolutions over channels-last images, by weights that are known only when they are wanted.
public enum ConvolutionGradient {
  /// Floats of scratch that `weight` wants.
  public static func scratchCount(_ geometry: ConvolutionGeometry) -> Int {
    if geometry.isDepthwise { return 0 }
    if geometry.isPointwise { return widens(geometry) ? weightCount(geometry) : 0 }
    return (geometry.kernelCount == 1 ? 1 : 2) * weightCount(geometry)
  }

  private static func weightCount(_ geometry: ConvolutionGeometry) -> Int {
    geometry.kernelCount * geometry.inputChannelsPerGroup * geometry.outputChannels
  }

  /// By the weight: the sum over all places of the window of each input times `flow`.
  ///
  /// - Shapes: `input` `[batch, height, width, channels]`, `flow` as the convolution's result; `result` `[outputChannels,
  ///   channels / groups, kernelHeight, kernelWidth]`, for a depthwise convolution `[kernelHeight, kernelWidth, channels]`.
  ///   `scratch` has `scratchCount` floats; nothing overlaps.
  /// - Types: sums have one order, whatever the number of threads.
  public static func weight(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    scratch: FloatView, pool: ThreadPool? = nil
  ) {
    if geometry.isDepthwise {
      depthwiseWeight(input, flow, geometry: geometry, into: result, pool: pool)
      return
    }
    if geometry.isPointwise {
      pointwiseWeight(input, flow, geometry: geometry, into: result, scratch: scratch, pool: pool)
      return
    }
    let count = weightCount(geometry)
    let (sums, turned) = (scratch[0..<count], scratch[count..<scratch.count])
    for group in 0..<geometry.groups {
      ProductAcross.multiplyWindows(
        input, flow, geometry: geometry, group: group, into: sums, pool: pool)
    }
    // Outputs outermost, then the window innermost
    let (window, channels) = (geometry.kernelCount, geometry.inputChannelsPerGroup)
    let outermost = window == 1 ? result : turned
    Layout.transpose(
      sums, batch: 1, rows: window * channels, columns: geometry.outputChannels, into: outermost,
      pool: pool)
    if window == 1 { return }
    let one = window * channels
    runParallel(pool, count: geometry.outputChannels, grain: 16) { range in
      let part = (range.lowerBound * one)..<(range.upperBound * one)
      Layout.transpose(
        turned[part], batch: range.count, rows: window, columns: channels, into: result[part])
    }
  }

  /// Whether the narrower operand, of which tiles are gathered, is the input, and the result to be turned after it.
  private static func widens(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.channels < geometry.outputChannels && geometry.outputRows > geometry.outputChannels
  }

  /// Where windows are single pixels.
  private static func pointwiseWeight(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    scratch: FloatView, pool: ThreadPool?
  ) {
    let (pixels, channels, outputs) =
      (geometry.outputRows, geometry.channels, geometry.outputChannels)
    guard widens(geometry) else {
      ProductAcross.multiply(
        flow, rows: outputs, input, columns: channels, inputs: pixels, into: result, pool: pool)
      return
    }
    ProductAcross.multiply(
      input, rows: channels, flow, columns: outputs, inputs: pixels, into: scratch, pool: pool)
    Layout.transpose(scratch, rows: channels, columns: outputs, into: result, pool: pool)
  }

  /// By the input of a depthwise convolution with one output a channel.
  ///
  /// - Parameter weight: `[channels, 1, kernelHeight, kernelWidth]` under any strides.
  public static func depthwiseInput(
    _ flow: FloatView, _ weight: Weight, geometry: ConvolutionGeometry, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    let packed = DepthwiseConvolution(weight, channels: geometry.channels).packed
    runParallel(pool, count: geometry.batch) { range in
      var window = geometry.window
      unsafe mng_depthwise_input_gradient_f32(
        &window, flow.reading(geometry.outputCount, "gradient"), packed.reading(packed.count),
        result.writing(geometry.inputCount), range.lowerBound, range.upperBound)
    }
  }

  private static func depthwiseWeight(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    pool: ThreadPool?
  ) {
    precondition(geometry.outputChannels == geometry.channels)
    runParallel(pool, count: geometry.channels, grain: 64) { range in
      var window = geometry.window
      unsafe mng_depthwise_weight_gradient_f32(
        &window, input.reading(geometry.inputCount, "input"),
        flow.reading(geometry.outputCount, "gradient"),
        result.writing(geometry.kernelCount * geometry.channels), range.lowerBound,
        range.upperBound)
    }
  }
}
