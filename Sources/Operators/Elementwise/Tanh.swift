import ModelGraph

/// The hyperbolic tangent.
///
/// - Source: ONNX Tanh-13.
public struct Tanh: ElementwiseUnary {
  public static let name = "Tanh"

  public init() {}

  public func apply(_ x: Double) -> Double { C.tanh(x) }
}

extension Tanh: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.difference(1, builder.multiply(y, y))
  }
}
