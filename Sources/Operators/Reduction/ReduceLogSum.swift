import ModelGraph

/// The logarithm of the sum over axes.
///
/// - Source: ONNX ReduceLogSum-18.
public struct ReduceLogSum: Reduction {
  public static let name = "ReduceLogSum"
  public var keepDimensions: Bool
  public var noopWithEmptyAxes: Bool

  public init(keepDimensions: Bool = true, noopWithEmptyAxes: Bool = false) {
    self.keepDimensions = keepDimensions
    self.noopWithEmptyAxes = noopWithEmptyAxes
  }

  public func reduce(_ row: ArraySlice<Double>) -> Double { C.log(row.reduce(0, +)) }
}

extension ReduceLogSum: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let inverse = try builder.add(
      Exp(), [builder.negated(builder.output(0))])
    return [try spread(builder.multiply(builder.flow(0), inverse), &builder)]
  }
}
