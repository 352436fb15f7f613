import ModelGraph

/// `x ∓ bias` where `|x| > lambda`, 0 elsewhere.
///
/// - Source: ONNX Shrink-9.
public struct Shrink: ElementwiseUnary {
  public static let name = "Shrink"
  public var bias: Double
  public var lambda: Double

  public init(bias: Double = 0, lambda: Double = 0.5) {
    self.bias = bias
    self.lambda = lambda
  }

  public func apply(_ x: Double) -> Double { x < -lambda ? x + bias : x > lambda ? x - bias : 0 }
}

extension Shrink: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let size = try builder.add(Abs(), [x])
    return try builder.indicator(
      builder.add(Greater(), [size, builder.number(lambda, like: x)]), like: x)
  }
}
