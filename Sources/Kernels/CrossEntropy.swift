import CKernels

/// How well rows of logits foretell a class each.
public enum CrossEntropy {
  /// `-log(softmax(x)[target])` of each row; 0 for a target below 0.
  ///
  /// - Parameter targets: one for each row, below `columns`.
  public static func losses(
    _ logits: FloatView, targets: [Int], columns: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    let targets = checked(targets, columns)
    runRows(pool, rows: targets.count, columns: columns) { range in
      unsafe targets.withUnsafeBufferPointer { all in
        guard let first = all.baseAddress else { return }
        unsafe mng_cross_entropy_f32(
          range.count, columns,
          logits.reading(targets.count * columns) + range.lowerBound * columns,
          first + range.lowerBound, result.writing(targets.count) + range.lowerBound)
      }
    }
  }

  /// `(softmax(x) - [target]) · scale` of each row, zeros for a target below 0; the result may be the logits' memory.
  public static func gradient(
    _ logits: FloatView, targets: [Int], columns: Int, scale: Float, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    let targets = checked(targets, columns)
    runRows(pool, rows: targets.count, columns: columns) { range in
      let start = range.lowerBound * columns
      unsafe targets.withUnsafeBufferPointer { all in
        guard let first = all.baseAddress else { return }
        unsafe mng_cross_entropy_gradient_f32(
          range.count, columns, logits.reading(targets.count * columns) + start,
          first + range.lowerBound, scale, result.writing(targets.count * columns) + start)
      }
    }
  }

  private static func checked(_ targets: [Int], _ columns: Int) -> [Int64] {
    precondition(columns > 0 && targets.allSatisfy { $0 < columns }, "a target of \(columns)")
    return targets.map(Int64.init)
  }
}
