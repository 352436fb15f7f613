import CKernels

/// Gradients of functions of whole rows `[rows, columns]`.
public enum RowGradients {
  /// Pieces of rows that have sums of their own; no number of threads has a say.
  private static func pieces(rows: Int) -> Int { min(16, rows) }

  /// Floats of scratch that `normalization` wants.
  public static func scratchCount(rows: Int, columns: Int) -> Int {
    2 * pieces(rows: rows) * columns
  }

  /// Of `Normalization.layerNorm`, or of `rmsNorm` when not centred; the result may be the memory of `flow`.
  ///
  /// - Shapes: `scale`, `byScale` and `byShift` `[columns]`.
  public static func normalization(
    _ flow: FloatView, at x: FloatView, rows: Int, columns: Int, scale: FloatView, epsilon: Float,
    isCentred: Bool, into result: FloatView, byScale: FloatView, byShift: FloatView?,
    scratch: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows > 0 && columns > 0)
    let pieces = pieces(rows: rows)
    scratch[0..<(2 * pieces * columns)].fill(0)
    runParallel(pool, count: pieces) { range in
      for piece in range {
        let (first, last) = (piece * rows / pieces, (piece + 1) * rows / pieces)
        let (start, all) = (first * columns, rows * columns)
        let sums = unsafe scratch.writing(2 * pieces * columns) + 2 * piece * columns
        unsafe mng_row_norm_gradient_f32(
          isCentred, last - first, columns, flow.reading(all, "gradient") + start,
          x.reading(all, "input") + start, scale.reading(columns, "scale"), epsilon,
          result.writing(all) + start, sums, byShift == nil ? nil : sums + columns)
      }
    }
    sum(scratch, pieces: pieces, columns: columns, part: 0, into: byScale)
    if let byShift { sum(scratch, pieces: pieces, columns: columns, part: 1, into: byShift) }
  }

  private static func sum(
    _ scratch: FloatView, pieces: Int, columns: Int, part: Int, into result: FloatView
  ) {
    let one = scratch[(part * columns)..<((part + 1) * columns)]
    result.copy(from: one)
    for piece in 1..<max(pieces, 1) {
      let start = (2 * piece + part) * columns
      Elementwise.binary(
        .add, .whole(result), .whole(scratch[start..<(start + columns)]), columns: columns,
        into: result)
    }
  }

  /// Of softmax or its logarithm, at the result `y`; the result may be the memory of either.
  public static func softmax(
    _ flow: FloatView, at y: FloatView, isLogarithm: Bool, rows: Int, columns: Int,
    into result: FloatView, pool: ThreadPool? = nil
  ) {
    runRows(pool, rows: rows, columns: columns) { range in
      let (start, all) = (range.lowerBound * columns, rows * columns)
      unsafe mng_softmax_gradient_f32(
        isLogarithm, range.count, columns, flow.reading(all, "gradient") + start,
        y.reading(all, "shares") + start, result.writing(all) + start)
    }
  }
}
