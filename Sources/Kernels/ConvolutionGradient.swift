import CKernels

/// Gradients of convolutions over channels-last images, by weights that are known only when they are wanted.
public enum ConvolutionGradient {
  /// Floats of scratch that `weight` wants.
  public static func scratchCount(_ geometry: ConvolutionGeometry) -> Int {
    if geometry.isDepthwise { return 0 }
    let packed = PackedMatrix.packedCount(
      inputs: geometry.outputRows, outputs: geometry.outputChannelsPerGroup)
    return max(packed, weightCount(geometry)) + weightCount(geometry)
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
    let outputs = geometry.outputChannelsPerGroup
    let count = weightCount(geometry)
    let (sums, turned) = (scratch[0..<count], scratch[count..<scratch.count])
    for group in 0..<geometry.groups {
      let own = Weight(
        flow[(group * outputs)..<flow.count], outputs: outputs, inputs: geometry.outputRows,
        kernelHeight: 1, kernelWidth: 1, strides: (1, geometry.outputChannels, 0, 0))
      let matrix = PackedMatrix(own, usesOpenBLAS: false, memory: turned, pool: pool)
      matrix.multiplyWindows(input, geometry: geometry, group: group, into: sums, pool: pool)
    }
    // Outputs outermost, then the window innermost
    let (window, channels) = (geometry.kernelCount, geometry.inputChannelsPerGroup)
    Layout.transpose(
      sums, batch: 1, rows: window * channels, columns: geometry.outputChannels, into: turned,
      pool: pool)
    let one = window * channels
    runParallel(pool, count: geometry.outputChannels, grain: 16) { range in
      let part = (range.lowerBound * one)..<(range.upperBound * one)
      Layout.transpose(
        turned[part], batch: range.count, rows: window, columns: channels, into: result[part])
    }
  }

  /// By the weight where windows are single pixels: `[outputChannels, channels]`.
  ///
  /// `scratch` has `pointwiseScratchCount` floats.
  public static func pointwiseWeight(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    scratch: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(geometry.isPointwise)
    let matrix = PackedMatrix(
      .matrix(input, inputs: geometry.outputRows, outputs: geometry.channels),
      usesOpenBLAS: false, memory: scratch, pool: pool)
    matrix.multiplyAcross(
      flow, rows: geometry.outputChannels, stride: geometry.outputChannels, into: result,
      pool: pool)
  }

  /// Floats of scratch that `pointwiseWeight` wants.
  public static func pointwiseScratchCount(_ geometry: ConvolutionGeometry) -> Int {
    PackedMatrix.packedCount(inputs: geometry.outputRows, outputs: geometry.channels)
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
