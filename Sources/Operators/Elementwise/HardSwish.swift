import ModelGraph

/// `x · clip(x / 6 + 1/2, 0, 1)`.
///
/// - Source: ONNX HardSwish-22.
public struct HardSwish: ElementwiseUnary {
  public static let name = "HardSwish"

  public init() {}

  public func apply(_ x: Double) -> Double { x * max(0, min(1, x / 6 + 0.5)) }
}

extension HardSwish: SlopedUnary {
  public func slope(at x: Double) -> Double {
    let gate = x / 6 + 0.5
    return max(0, min(1, gate)) + (gate > 0 && gate < 1 ? x / 6 : 0)
  }
}
