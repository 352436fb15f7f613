import ModelGraph

/// `x · tanh(softplus(x))`.
///
/// - Source: ONNX Mish-22.
public struct Mish: ElementwiseUnary {
  public static let name = "Mish"

  public init() {}

  public func apply(_ x: Double) -> Double { x * C.tanh(max(x, 0) + C.log1p(C.exp(-abs(x)))) }
}

extension Mish: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let inner = try builder.add(Tanh(), [builder.add(Softplus(), [x])])
    let rise = try builder.difference(1, builder.multiply(inner, inner))
    let share = try builder.multiply(builder.multiply(x, rise), builder.add(Sigmoid(), [x]))
    return try builder.sum(inner, share)
  }
}
