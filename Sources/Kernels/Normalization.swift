import CKernels

/// Functions of whole rows `[rows, columns]`.
public enum Normalization {
  /// `e^(x - max) / sum of e^(x - max)` over each row; the result may be the input's memory.
  public static func softmax(
    _ input: FloatView, rows: Int, columns: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    runRows(pool, rows: rows, columns: columns) { range in
      let start = range.lowerBound * columns
      unsafe mng_softmax_f32(
        range.count, columns, input.reading(rows * columns) + start,
        result.writing(rows * columns) + start)
    }
  }

  /// The logarithm of `softmax`; the result may be the input's memory.
  public static func logSoftmax(
    _ input: FloatView, rows: Int, columns: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    runRows(pool, rows: rows, columns: columns) { range in
      let start = range.lowerBound * columns
      unsafe mng_log_softmax_f32(
        range.count, columns, input.reading(rows * columns) + start,
        result.writing(rows * columns) + start)
    }
  }

  /// `(x - mean) / sqrt(variance + epsilon) * scale + shift` with each row's own mean and (biased)
  /// variance.
  ///
  /// The result may be the input's memory.
  public static func layerNorm(
    _ input: FloatView, rows: Int, columns: Int, scale: FloatView? = nil, shift: FloatView? = nil,
    epsilon: Float, into result: FloatView, pool: ThreadPool? = nil
  ) {
    runRows(pool, rows: rows, columns: columns) { range in
      let start = range.lowerBound * columns
      unsafe mng_layer_norm_f32(
        range.count, columns, input.reading(rows * columns) + start, scale?.reading(columns),
        shift?.reading(columns), epsilon, result.writing(rows * columns) + start)
    }
  }

  /// `x / sqrt(mean of squares + epsilon) * scale` with each row's own mean; the result may be the input's memory.
  public static func rmsNorm(
    _ input: FloatView, rows: Int, columns: Int, scale: FloatView? = nil, epsilon: Float,
    into result: FloatView, pool: ThreadPool? = nil
  ) {
    runRows(pool, rows: rows, columns: columns) { range in
      let start = range.lowerBound * columns
      unsafe mng_rms_norm_f32(
        range.count, columns, input.reading(rows * columns) + start, scale?.reading(columns),
        epsilon, result.writing(rows * columns) + start)
    }
  }

  /// `x / (bias + alpha / size * sum of squares)^beta` over the `size` channels around each.
  ///
  /// - Source: ONNX LRN; where `size` is even, the window reaches one channel further up than down.
  public static func localResponse(
    _ input: FloatView, rows: Int, columns: Int, size: Int, alpha: Float, beta: Float, bias: Float,
    into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(size > 0)
    runRows(pool, rows: rows, columns: columns) { range in
      let start = range.lowerBound * columns
      unsafe mng_local_response_norm_f32(
        range.count, columns, input.reading(rows * columns) + start, size, alpha, beta, bias,
        result.writing(rows * columns) + start)
    }
  }
}

/// Runs over rows in pieces of some tens of kilobytes.
func runRows(
  _ pool: ThreadPool?, rows: Int, columns: Int, _ body: @Sendable (Range<Int>) -> Void
) {
  precondition(rows >= 0 && columns >= 0)
  guard columns > 0 else { return }
  runParallel(pool, count: rows, grain: max(1, 8192 / columns), body)
}
