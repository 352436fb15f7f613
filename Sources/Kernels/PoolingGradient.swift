import CKernels

/// Gradients of pooling over channels-last images; a geometry's `groups` and `outputChannels` equal its channels.
public enum PoolingGradient {
  /// Each of `flow` goes to the first greatest element of its window.
  ///
  /// - Shapes: `input` and `result` `[batch, height, width, channels]`, `flow` as the pooling's result.
  public static func maximum(
    _ input: FloatView, _ flow: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    precondition(geometry.height * geometry.width < 1 << 32)
    runParallel(pool, count: geometry.batch) { range in
      var window = geometry.window
      unsafe mng_max_pool_gradient_f32(
        &window, input.reading(geometry.inputCount, "input"),
        flow.reading(geometry.outputCount, "gradient"), result.writing(geometry.inputCount),
        range.lowerBound, range.upperBound)
    }
  }

  /// Each of `flow` is shared by the elements of its window.
  public static func average(
    _ flow: FloatView, geometry: ConvolutionGeometry, countsPadding: Bool, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    runParallel(pool, count: geometry.batch) { range in
      var window = geometry.window
      unsafe mng_average_pool_gradient_f32(
        &window, geometry.padBottom, geometry.padRight, countsPadding,
        flow.reading(geometry.outputCount, "gradient"), result.writing(geometry.inputCount),
        range.lowerBound, range.upperBound)
    }
  }
}
