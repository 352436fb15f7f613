import ModelGraph

/// `x · sigmoid(alpha · x)`; SiLU for alpha 1.
///
/// - Source: ONNX Swish-24.
public struct Swish: ElementwiseUnary {
  public static let name = "Swish"
  public var alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func apply(_ x: Double) -> Double { x / (1 + C.exp(-alpha * x)) }
}

extension Swish: DifferentiableUnary {
  /// s (1 + αx (1 - s)), s being sigmoid(αx).
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let gate = try builder.add(Sigmoid(), [builder.multiply(x, by: alpha)])
    let share = try builder.multiply(
      builder.multiply(x, by: alpha), builder.difference(1, gate))
    return try builder.multiply(gate, builder.sum(share, 1))
  }
}
