import CKernels

/// Rotary position embedding on floats.
public struct RotaryKernel: Sendable {
  public var batch: Int
  public var heads: Int
  public var sequence: Int
  /// Features of a head, and how many pairs of them are turned.
  public var size: Int
  public var pairs: Int
  /// Whether neighbours make a pair; otherwise features of the first half with those of the second.
  public var isInterleaved: Bool

  public init(
    batch: Int, heads: Int, sequence: Int, size: Int, pairs: Int, isInterleaved: Bool
  ) {
    precondition(
      batch >= 0 && heads >= 0 && sequence >= 0 && pairs >= 0 && 2 * pairs <= size)
    self.batch = batch
    self.heads = heads
    self.sequence = sequence
    self.size = size
    self.pairs = pairs
    self.isInterleaved = isInterleaved
  }

  /// Input and result lie alike; the result may be the input's memory.
  ///
  /// - Parameter rows: for each place of `[batch, sequence]`, the row of the tables `[rows, pairs]`.
  public func turn(
    _ x: FloatView, strides: HeadStrides, cosines: FloatView, sines: FloatView, rows: [Int],
    into y: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows.count == batch * sequence && rows.allSatisfy { $0 >= 0 })
    let reach = strides.extent(batch: batch, heads: heads, rows: sequence, features: size)
    let table = ((rows.max() ?? -1) + 1) * pairs
    runParallel(pool, count: rows.count, grain: max(1, 8192 / max(1, heads * size))) { range in
      let from = unsafe x.reading(reach, "input")
      let to = unsafe y.writing(reach)
      let (cosines, sines) = unsafe (
        cosines.reading(table, "cosines"), sines.reading(table, "sines")
      )
      for place in range {
        let (b, i) = place.quotientAndRemainder(dividingBy: sequence)
        let start = b * strides.batch + i * strides.row
        let row = rows[place] * pairs
        unsafe mng_rotary_f32(
          heads, strides.head, size, pairs, isInterleaved ? 1 : 0, cosines + row, sines + row,
          from + start, to + start)
      }
    }
  }
}
