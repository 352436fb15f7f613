import ModelGraph

/// The error function.
///
/// - Source: ONNX Erf-13.
public struct Erf: ElementwiseUnary {
  public static let name = "Erf"

  public init() {}

  public func apply(_ x: Double) -> Double { C.erf(x) }
}

extension Erf: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let power = try builder.add(Exp(), [builder.negated(builder.multiply(x, x))])
    return try builder.multiply(power, by: 2 / Double.pi.squareRoot())
  }
}
