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

extension LeakyRelu: SlopedUnary {
  public func slope(at x: Double) -> Double { x < 0 ? alpha : 1 }
}
