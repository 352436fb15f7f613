import ModelGraph

/// `x · clip(x / 6 + 1/2, 0, 1)`.
///
/// - Source: ONNX HardSwish-22.
public struct HardSwish: ElementwiseUnary {
  public static let name = "HardSwish"

  public init() {}

  public func apply(_ x: Double) -> Double { x * max(0, min(1, x / 6 + 0.5)) }
}
