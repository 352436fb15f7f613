import ModelGraph

/// `1 / (1 + e⁻ˣ)`.
///
/// - Source: ONNX Sigmoid-13.
public struct Sigmoid: ElementwiseUnary {
  public static let name = "Sigmoid"

  public init() {}

  public func apply(_ x: Double) -> Double { 1 / (1 + C.exp(-x)) }
}

extension Sigmoid: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.multiply(y, builder.difference(1, y))
  }
}
