import CKernels
import Tensors

/// Rows of a table: an embedding.
public enum Gathering {
  /// `result[i] = table[rows[i]]`; a table in another type is widened row by row.
  ///
  /// - Shapes: the table is `[count, …]`, the result `[rows, …]`. Every row must be there.
  public static func rows(
    _ rows: [Int], of table: Tensor, into result: FloatView, pool: ThreadPool? = nil
  ) {
    guard !rows.isEmpty, table.elementCount > 0 else { return }
    let width = table.elementCount / table.shape[0]
    let dense = FloatView(reading: table)
    runParallel(pool, count: rows.count, grain: max(1, 16384 / width)) { range in
      for i in range {
        let target = result[(i * width)..<((i + 1) * width)]
        if let dense {
          target.copy(from: dense[(rows[i] * width)..<((rows[i] + 1) * width)])
        } else {
          target.copy(from: FloatView(table.sliced(axis: 0, rows[i]..<(rows[i] + 1))))
        }
      }
    }
  }

  /// The same where the table is a run's.
  public static func rows(
    _ rows: [Int], of table: FloatView, width: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    runParallel(pool, count: rows.count, grain: max(1, 16384 / max(width, 1))) { range in
      for i in range {
        result[(i * width)..<((i + 1) * width)].copy(
          from: table[(rows[i] * width)..<((rows[i] + 1) * width)])
      }
    }
  }

  /// `result[rows[i]] = Σ parts[i]`, in order, and zeros elsewhere: the gradient of `rows` by its table.
  ///
  /// - Shapes: the parts are `[rows, width]`, the result `[count, width]`. Every row must be there.
  public static func gradient(
    _ rows: [Int], of parts: FloatView, count: Int, width: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    precondition(rows.allSatisfy { (0..<count).contains($0) } && width > 0)
    runParallel(pool, count: count, grain: max(1, 65536 / width)) { range in
      result[(range.lowerBound * width)..<(range.upperBound * width)].fill(0)
    }
    runParallel(pool, count: width, grain: 64) { range in
      unsafe rows.withUnsafeBufferPointer { indices in
        guard let indices = indices.baseAddress else { return }
        unsafe mng_add_rows_f32(
          rows.count, indices, width, parts.reading(rows.count * width, "parts"),
          result.writing(count * width), range.lowerBound, range.upperBound)
      }
    }
  }
}
