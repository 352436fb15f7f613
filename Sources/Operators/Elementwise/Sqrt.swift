import ModelGraph

/// The square root.
///
/// - Source: ONNX Sqrt-13.
public struct Sqrt: ElementwiseUnary {
  public static let name = "Sqrt"

  public init() {}

  public func apply(_ x: Double) -> Double { x.squareRoot() }
}
