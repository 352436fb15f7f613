import CKernels

/// Changes of layout.
public enum Layout {
  /// `result[b, j, i] = input[b, i, j]`: `[batch, rows, columns]` to `[batch, columns, rows]`.
  public static func transpose(
    _ input: FloatView, batch: Int = 1, rows: Int, columns: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    precondition(batch >= 0 && rows >= 0 && columns >= 0)
    let count = batch * rows * columns
    // Whole blocks of rows, so that two threads seldom write one cache line.
    let grain = rows <= 4 ? max(rows, 1) : max(64, (lineGrain(rows, pool) + 15) / 16 * 16)
    runParallel(pool, count: rows, grain: grain) { range in
      unsafe mng_transpose_f32(
        batch, rows, columns, input.reading(count, "input"), result.writing(count),
        range.lowerBound, range.upperBound)
    }
  }

  /// `[batch, channels, pixels]` to `[batch, pixels, channels]`.
  public static func toChannelsLast(
    _ input: FloatView, batch: Int, channels: Int, pixels: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    transpose(input, batch: batch, rows: channels, columns: pixels, into: result, pool: pool)
  }

  /// `[batch, pixels, channels]` to `[batch, channels, pixels]`.
  public static func toChannelsFirst(
    _ input: FloatView, batch: Int, channels: Int, pixels: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    transpose(input, batch: batch, rows: pixels, columns: channels, into: result, pool: pool)
  }
}
