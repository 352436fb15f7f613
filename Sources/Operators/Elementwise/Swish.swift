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

extension Swish: SlopedUnary {
  /// s (1 + αx (1 - s)), s being sigmoid(αx).
  public func slope(at x: Double) -> Double {
    let gate = 1 / (1 + C.exp(-alpha * x))
    return gate * (1 + alpha * x * (1 - gate))
  }
}
