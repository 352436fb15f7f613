import ModelGraph

/// `x / (1 + |x|)`.
///
/// - Source: ONNX Softsign-22.
public struct Softsign: ElementwiseUnary {
  public static let name = "Softsign"

  public init() {}

  public func apply(_ x: Double) -> Double { x / (1 + abs(x)) }
}
