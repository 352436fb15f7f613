import ModelGraph

/// `1 / x`.
///
/// - Source: ONNX Reciprocal-13.
public struct Reciprocal: ElementwiseUnary {
  public static let name = "Reciprocal"

  public init() {}

  public func apply(_ x: Double) -> Double { 1 / x }
}

extension Reciprocal: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.negated(builder.multiply(y, y))
  }
}
