import ModelGraph

/// `eˣ`.
///
/// - Source: ONNX Exp-13.
public struct Exp: ElementwiseUnary {
  public static let name = "Exp"

  public init() {}

  public func apply(_ x: Double) -> Double { C.exp(x) }
}

extension Exp: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    y
  }
}
