import CKernels

/// What many floats become one by.
public enum Reduction: Sendable, CaseIterable {
  case sum, mean, maximum, minimum

  var code: mng_reduction {
    switch self {
    case .sum: MNG_REDUCE_SUM
    case .mean: MNG_REDUCE_MEAN
    case .maximum: MNG_REDUCE_MAXIMUM
    case .minimum: MNG_REDUCE_MINIMUM
    }
  }

  /// Over the last axis: `[rows, columns]` to `[rows]`.
  public func overColumns(
    _ input: FloatView, rows: Int, columns: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows >= 0 && columns >= 0)
    let code = code
    runParallel(pool, count: rows, grain: max(1, 16384 / max(1, columns))) { range in
      unsafe mng_reduce_columns_f32(
        code, range.count, columns, input.reading(rows * columns) + range.lowerBound * columns,
        result.writing(rows) + range.lowerBound)
    }
  }

  /// Over the middle axis: `[batch, rows, columns]` to `[batch, columns]`; with pixels for rows,
  /// global pooling.
  public func overRows(
    _ input: FloatView, batch: Int, rows: Int, columns: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    precondition(batch >= 0 && rows >= 0 && columns >= 0)
    let code = code
    let grain = max(64, 65536 / max(1, batch * rows) / 16 * 16)
    runParallel(pool, count: columns, grain: grain) { range in
      unsafe mng_reduce_rows_f32(
        code, batch, rows, columns, input.reading(batch * rows * columns),
        result.writing(batch * columns), range.lowerBound, range.upperBound)
    }
  }
}
