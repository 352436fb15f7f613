import ModelGraph

/// `x · sigmoid(alpha · x)`; SiLU for alpha 1.
///
/// - Source: ONNX Swish-24.
public struct Swish: ElementwiseUnary {
  public static let name = "Swish"
  public var alpha: Double

  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func apply(_ x: Double) -> Double { x / (1 + C.exp(-alpha * x)) }
}
