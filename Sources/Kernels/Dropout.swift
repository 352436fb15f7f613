import CKernels
import Tensors

extension DropoutMask {
  var parameters: mng_dropout {
    mng_dropout(
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)), step: step,
      stream: stream, threshold: threshold, scale: Float(scale))
  }

  /// `x`, without the elements that are dropped; the result may be the input's memory.
  ///
  /// - Parameter start: the number of the first element.
  public func drop(
    _ x: FloatView, from start: Int, count: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    let (parameters, grain) = (parameters, 16384)
    runParallel(pool, count: (count + grain - 1) / grain) { range in
      let (first, end) = (range.lowerBound * grain, min(range.upperBound * grain, count))
      var parameters = parameters
      unsafe mng_dropout_f32(
        &parameters, UInt64(start + first), end - first, x.reading(count) + first,
        result.writing(count) + first)
    }
  }

  /// `x` of `rows` rows, without those that are dropped; the result may be the input's memory.
  ///
  /// - Parameter start: the number of the first row.
  public func dropRows(
    _ x: FloatView, from start: Int, rows: Int, into result: FloatView, pool: ThreadPool? = nil
  ) {
    guard rows > 0 else { return }
    let factors = FloatView(zeros: rows)
    for row in 0..<rows { factors[row] = Float(factor(UInt64(start + row))) }
    Elementwise.binary(
      .multiply, .whole(x), .perRow(factors), rows: rows, columns: x.count / rows, into: result,
      pool: pool)
  }
}

/// Shares of attention that are dropped.
public struct AttentionDropout: Sendable {
  public var mask: DropoutMask
  /// The number of the first row: rows count batches, heads and queries.
  public var firstRow: Int

  public init(_ mask: DropoutMask, firstRow: Int) {
    self.mask = mask
    self.firstRow = firstRow
  }
}
