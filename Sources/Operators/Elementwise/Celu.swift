import ModelGraph

/// `max(0, x) + min(0, alpha · (e^(x / alpha) - 1))`.
///
/// - Source: ONNX Celu-12.
public struct Celu: ElementwiseUnary {
  public static let name = "Celu"
  public var alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func apply(_ x: Double) -> Double { max(0, x) + min(0, alpha * C.expm1(x / alpha)) }
}

extension Celu: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let positive = try builder.add(Greater(), [x, builder.number(0, like: x)])
    let below = try builder.sum(builder.multiply(y, by: 1 / alpha), 1)
    return try builder.add(Where(), [positive, builder.number(1, like: x), below])
  }
}
