import ModelGraph

/// `clip(alpha · x + beta, 0, 1)`.
///
/// - Source: ONNX HardSigmoid-22.
public struct HardSigmoid: ElementwiseUnary {
  public static let name = "HardSigmoid"
  public var alpha: Double
  public var beta: Double

  public init(alpha: Double = 0.2, beta: Double = 0.5) {
    self.alpha = alpha
    self.beta = beta
  }

  public func apply(_ x: Double) -> Double { max(0, min(1, alpha * x + beta)) }
}

extension HardSigmoid: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let zero = try builder.add(Greater(), [y, builder.number(0, like: y)])
    let one = try builder.add(Less(), [y, builder.number(1, like: y)])
    let inside = try builder.indicator(builder.add(And(), [zero, one]), like: y)
    return try builder.multiply(inside, by: alpha)
  }
}
