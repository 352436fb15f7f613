import ModelGraph

/// `log(1 + eˣ)`.
///
/// - Source: ONNX Softplus-22.
public struct Softplus: ElementwiseUnary {
  public static let name = "Softplus"

  public init() {}

  public func apply(_ x: Double) -> Double { max(x, 0) + C.log1p(C.exp(-abs(x))) }
}

extension Softplus: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Sigmoid(), [x])
  }
}
