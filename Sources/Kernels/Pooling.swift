import CKernels

/// Pooling over channels-last images; a geometry's `groups` and `outputChannels` equal its
/// channels.
public enum Pooling {
  /// The greatest of each window, padding left out; NaN wins.
  public static func maximum(
    _ input: FloatView, geometry: ConvolutionGeometry, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    check(geometry)
    let lines = geometry.batch * geometry.outputHeight
    runParallel(pool, count: lines, grain: lineGrain(lines, pool)) { range in
      var window = geometry.window
      unsafe mng_max_pool_f32(
        &window, input.reading(geometry.inputCount, "input"), result.writing(geometry.outputCount),
        range.lowerBound, range.upperBound)
    }
  }

  /// The mean of each window.
  ///
  /// - Parameter countsPadding: whether padding counts as zeros (`count_include_pad`); what a
  ///   window of ceil mode covers beyond the padding never counts.
  public static func average(
    _ input: FloatView, geometry: ConvolutionGeometry, countsPadding: Bool, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    check(geometry)
    let lines = geometry.batch * geometry.outputHeight
    runParallel(pool, count: lines, grain: lineGrain(lines, pool)) { range in
      var window = geometry.window
      unsafe mng_average_pool_f32(
        &window, geometry.padBottom, geometry.padRight, countsPadding,
        input.reading(geometry.inputCount, "input"), result.writing(geometry.outputCount),
        range.lowerBound, range.upperBound)
    }
  }

  private static func check(_ geometry: ConvolutionGeometry) {
    precondition(
      geometry.channels == geometry.outputChannels, "pooling keeps the channels: \(geometry)")
  }
}
