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

extension HardSigmoid: SlopedUnary {
  public func slope(at x: Double) -> Double {
    let y = alpha * x + beta
    return y > 0 && y < 1 ? alpha : 0
  }
}
