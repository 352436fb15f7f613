import ModelGraph

/// x where positive, `alpha · x` elsewhere.
///
/// - Source: ONNX LeakyRelu-16.
public struct LeakyRelu: ElementwiseUnary {
  public static let name = "LeakyRelu"
  public var alpha: Double

  public init(alpha: Double = 0.01) {
    self.alpha = alpha
  }

  public func apply(_ x: Double) -> Double { x < 0 ? alpha * x : x }
}

extension LeakyRelu: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let positive = try builder.add(Greater(), [x, builder.number(0, like: x)])
    return try builder.add(
      Where(), [positive, builder.number(1, like: x), builder.number(alpha, like: x)])
  }
}
