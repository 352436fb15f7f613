import ModelGraph

/// x where greater than alpha, 0 elsewhere.
///
/// - Source: ONNX ThresholdedRelu-22.
public struct ThresholdedRelu: ElementwiseUnary {
  public static let name = "ThresholdedRelu"
  public var alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func apply(_ x: Double) -> Double { x > alpha ? x : 0 }
}

extension ThresholdedRelu: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.indicator(builder.add(Greater(), [x, builder.number(alpha, like: x)]), like: x)
  }
}
