import ModelGraph

/// `log(Σ eˣ)` over axes.
///
/// - Source: ONNX ReduceLogSumExp-18.
public struct ReduceLogSumExp: Reduction {
  public static let name = "ReduceLogSumExp"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double {
    guard let top = row.max(), top.isFinite else { return row.max() ?? -.infinity }
    return top + C.log(row.reduce(0) { $0 + C.exp($1 - top) })
  }
}

extension ReduceLogSumExp: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let below = try builder.difference(
      builder.input(0), spread(builder.output(0), &builder))
    let share = try builder.add(Exp(), [below])
    return [try builder.multiply(spread(builder.flow(0), &builder), share)]
  }
}
