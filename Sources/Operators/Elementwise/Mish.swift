import ModelGraph

/// `x · tanh(softplus(x))`.
///
/// - Source: ONNX Mish-22.
public struct Mish: ElementwiseUnary {
  public static let name = "Mish"

  public init() {}

  public func apply(_ x: Double) -> Double { x * C.tanh(max(x, 0) + C.log1p(C.exp(-abs(x)))) }
}
