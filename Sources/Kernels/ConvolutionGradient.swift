import CKernels

/// Gradients of convolutions over channels-last images, by weights that are known only when they are wanted.
public enum ConvolutionGradient {
  /// Floats of scratch that `weight` wants.
  public static func scratchCount(_ geometry: ConvolutionGeometry) -> Int {
    if geometry.isDepthwise { return 0 }
    let rows = min(rowStep, geometry.outputRows)
    let (depth, outputs) = (depth(geometry), geometry.outputChannelsPerGroup)
    return rows * (depth + outputs) + PackedMatrix.packedCount(inputs: rows, outputs: depth)
  }

  /// By the weight: the sum over all places of the window of each input times `flow`.
  ///
  /// - Shapes: `input` `[batch, height, width, channels]`, `flow` as the convolution's result; `result`
  ///   `[outputChannels, kernelHeight, kernelWidth, channels / groups]`, for a depthwise convolution `[kernelHeight,
  ///   kernelWidth, channels]`. `scratch` has `scratchCount` floats; nothing overlaps.
  /// - Types: sums have one order, whatever the number of threads.
  public static func weight(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    scratch: FloatView, pool: ThreadPool? = nil
  ) {
    if geometry.isDepthwise {
      depthwiseWeight(input, flow, geometry: geometry, into: result, pool: pool)
      return
    }
    let (depth, outputs) = (depth(geometry), geometry.outputChannelsPerGroup)
    let (channels, rows) = (geometry.inputChannelsPerGroup, geometry.outputRows)
    let step = min(rowStep, rows)
    let columns = scratch[0..<(step * depth)]
    let turned = scratch[(step * depth)..<(step * (depth + outputs))]
    let packed = scratch[(step * (depth + outputs))..<scratch.count]
    for group in 0..<geometry.groups {
      let target = result[(group * outputs * depth)..<((group + 1) * outputs * depth)]
      for first in stride(from: 0, to: rows, by: step) {
        let count = min(step, rows - first)
        runParallel(pool, count: count, grain: 32) { range in
          var window = geometry.window
          unsafe mng_unfold_f32(
            &window, group * channels, channels, input.reading(geometry.inputCount, "input"),
            first + range.lowerBound, first + range.upperBound,
            columns.writing(step * depth) + range.lowerBound * depth)
        }
        let from = first * geometry.outputChannels + group * outputs
        turned[0..<(count * outputs)].copy(
          from: flow[from..<(from + (count - 1) * geometry.outputChannels + outputs)],
          shape: [outputs, count], strides: [1, geometry.outputChannels], pool: pool)
        let matrix = PackedMatrix(
          .matrix(columns[0..<(count * depth)], inputs: count, outputs: depth), memory: packed,
          pool: pool)
        matrix.multiply(
          turned[0..<(count * outputs)], rows: outputs, into: target,
          epilogue: Epilogue(residual: first > 0 ? target : nil), pool: pool)
      }
    }
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

  /// Pixels whose windows are unfolded at a time.
  private static let rowStep = 1024

  private static func depth(_ geometry: ConvolutionGeometry) -> Int {
    geometry.kernelCount * geometry.inputChannelsPerGroup
  }
}
