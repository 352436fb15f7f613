import ModelGraph

/// `x · clip(x / 6 + 1/2, 0, 1)`.
///
/// - Source: ONNX HardSwish-22.
public struct HardSwish: ElementwiseUnary {
  public static let name = "HardSwish"

  public init() {}

  public func apply(_ x: Double) -> Double { x * max(0, min(1, x / 6 + 0.5)) }
}

extension HardSwish: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let gate = try builder.add(HardSigmoid(alpha: 1 / 6, beta: 0.5), [x])
    let zero = try builder.add(Greater(), [gate, builder.number(0, like: x)])
    let one = try builder.add(Less(), [gate, builder.number(1, like: x)])
    let inside = try builder.indicator(builder.add(And(), [zero, one]), like: x)
    return try builder.sum(gate, builder.multiply(inside, builder.multiply(x, by: 1 / 6)))
  }
}
