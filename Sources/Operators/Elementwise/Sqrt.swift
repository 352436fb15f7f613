import ModelGraph

/// The square root.
///
/// - Source: ONNX Sqrt-13.
public struct Sqrt: ElementwiseUnary {
  public static let name = "Sqrt"

  public init() {}

  public func apply(_ x: Double) -> Double { x.squareRoot() }
}

extension Sqrt: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.divide(builder.number(0.5, like: y), y)
  }
}
