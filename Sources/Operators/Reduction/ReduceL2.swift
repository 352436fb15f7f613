import ModelGraph

/// The root of the sum of squares over axes.
///
/// - Source: ONNX ReduceL2-18.
public struct ReduceL2: Reduction {
  public static let name = "ReduceL2"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double {
    row.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}

extension ReduceL2: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let share = try builder.divide(
      builder.input(0), spread(builder.output(0), &builder))
    return [try builder.multiply(spread(builder.flow(0), &builder), share)]
  }
}
