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
