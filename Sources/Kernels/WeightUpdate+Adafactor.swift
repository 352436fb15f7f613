import CKernels

extension WeightUpdate {
  /// What Adafactor knows beside the weights.
  public struct AdafactorStep: Sendable {
    /// The learning rate, already bounded by 1 / sqrt(step).
    public var rate: Double
    /// How much of a variance is the newest gradient's: step^decay.
    public var share: Double
    /// The least variance (its root) and the least size of the weights.
    public var leastRoot: Double
    public var leastScale: Double
    /// The greatest root mean square of an update before the rate.
    public var limit: Double
    /// What the weights are multiplied with first.
    public var keep: Double

    public init(
      rate: Double, share: Double, leastRoot: Double, leastScale: Double, limit: Double,
      keep: Double
    ) {
      self.rate = rate
      self.share = share
      self.leastRoot = leastRoot
      self.leastScale = leastScale
      self.limit = limit
      self.keep = keep
    }
  }

  /// Adafactor: the variance of matrices `[batch, rows, columns]` is the product of what rows and
  /// columns have.
  ///
  /// - Parameters:
  ///   - rowVariance: `[batch, rows]`; nil for a vector, whose every element has its own.
  ///   - columnVariance: `[batch, columns]`.
  public static func adafactor(
    _ weights: FloatView, gradient: FloatView, rowVariance: FloatView?, columnVariance: FloatView,
    batch: Int, rows: Int, columns: Int, _ step: AdafactorStep, pool: ThreadPool? = nil
  ) {
    let count = weights.count
    precondition(count == batch * rows * columns && (rowVariance != nil || rows == 1))
    guard count > 0 else { return }
    let size = (sumOfSquares(weights, pool: pool) / Double(count)).squareRoot()
    let rate = max(step.leastScale, size) * step.rate
    if let rowVariance {
      updateRows(
        rowVariance, gradient, rows: batch * rows, columns: columns, step.share, pool: pool)
    }
    updateColumns(
      columnVariance, gradient, batch: batch, rows: rows, columns: columns, step.share, pool: pool)
    let scales = rowVariance.map { variance in
      rowScales(variance, batch: batch, rows: rows, least: step.leastRoot)
    }
    let floor = Float(step.leastRoot * step.leastRoot)
    func pass(_ rate: Double, _ target: FloatView?) -> Double {
      orderedSum(count: batch * rows, grain: max(1, 16384 / columns), pool: pool) { row, sum in
        let start = row * columns
        let base = unsafe target.map { unsafe $0.writing(count, "weights") + start }
        unsafe mng_adafactor_row_f32(
          columns, gradient.reading(count, "gradient") + start,
          columnVariance.reading(batch * columns, "variance") + row / rows * columns,
          scales?[row] ?? 1, floor, Float(rate), Float(step.keep), base, &sum)
      }
    }
    let spread = (pass(0, nil) / Double(count)).squareRoot()
    _ = pass(rate / max(1, spread / step.limit), weights)
  }

  private static func updateRows(
    _ variance: FloatView, _ gradient: FloatView, rows: Int, columns: Int, _ share: Double,
    pool: ThreadPool?
  ) {
    runParallel(pool, count: rows, grain: max(1, 16384 / columns)) { range in
      for row in range {
        var sum = 0.0
        unsafe mng_sum_of_squares_f32(
          columns, gradient.reading(rows * columns, "gradient") + row * columns, &sum)
        variance[row] += Float(share) * (Float(sum / Double(columns)) - variance[row])
      }
    }
  }

  private static func updateColumns(
    _ variance: FloatView, _ gradient: FloatView, batch: Int, rows: Int, columns: Int,
    _ share: Double, pool: ThreadPool?
  ) {
    let block = 64
    let blocks = (columns + block - 1) / block
    runParallel(pool, count: batch * blocks, grain: max(1, 16384 / (rows * columns))) { range in
      var sums = [Double](repeating: 0, count: block)
      for unit in range {
        let (matrix, place) = unit.quotientAndRemainder(dividingBy: blocks)
        let first = place * block
        let width = min(block, columns - first)
        unsafe mng_column_squares_f32(
          rows, width, columns,
          gradient.reading(batch * rows * columns, "gradient") + matrix * rows * columns + first,
          &sums)
        for column in 0..<width {
          let index = matrix * columns + first + column
          variance[index] += Float(share) * (Float(sums[column] / Double(rows)) - variance[index])
        }
      }
    }
  }

  /// Each row's variance over the mean of its matrix.
  private static func rowScales(
    _ variance: FloatView, batch: Int, rows: Int, least: Double
  ) -> [Float] {
    let values = variance.array
    var scales: [Float] = []
    scales.reserveCapacity(values.count)
    for matrix in 0..<batch {
      let part = values[(matrix * rows)..<((matrix + 1) * rows)]
      let mean = Float(part.reduce(0.0) { $0 + Double($1) } / Double(rows))
      let divisor = max(mean, Float(least))
      for value in part { scales.append(value / divisor) }
    }
    return scales
  }
}
