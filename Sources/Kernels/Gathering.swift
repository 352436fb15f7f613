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
}
