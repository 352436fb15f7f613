import ModelGraph

/// `gamma · x` where positive, `gamma · alpha · (eˣ - 1)` elsewhere.
///
/// - Source: ONNX Selu-22.
public struct Selu: ElementwiseUnary {
  public static let name = "Selu"
  public var alpha: Double
  public var gamma: Double

  public init(alpha: Double = 1.6732631921768188, gamma: Double = 1.0507010221481323) {
    self.alpha = alpha
    self.gamma = gamma
  }

  public func apply(_ x: Double) -> Double { gamma * (x > 0 ? x : alpha * C.expm1(x)) }
}

extension Selu: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let positive = try builder.add(Greater(), [x, builder.number(0, like: x)])
    return try builder.add(
      Where(), [positive, builder.number(gamma, like: x), builder.sum(y, gamma * alpha)])
  }
}
