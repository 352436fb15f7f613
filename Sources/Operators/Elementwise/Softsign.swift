import ModelGraph

/// `x / (1 + |x|)`.
///
/// - Source: ONNX Softsign-22.
public struct Softsign: ElementwiseUnary {
  public static let name = "Softsign"

  public init() {}

  public func apply(_ x: Double) -> Double { x / (1 + abs(x)) }
}

extension Softsign: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let inverse = try builder.add(
      Reciprocal(), [builder.sum(builder.add(Abs(), [x]), 1)])
    return try builder.multiply(inverse, inverse)
  }
}
