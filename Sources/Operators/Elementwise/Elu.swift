import ModelGraph

/// x where positive, `alpha · (eˣ - 1)` elsewhere.
///
/// - Source: ONNX Elu-22.
public struct Elu: ElementwiseUnary {
  public static let name = "Elu"
  public var alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func apply(_ x: Double) -> Double { x < 0 ? alpha * C.expm1(x) : x }
}

extension Elu: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let positive = try builder.add(Greater(), [x, builder.number(0, like: x)])
    return try builder.add(
      Where(), [positive, builder.number(1, like: x), builder.sum(y, alpha)])
  }
}
