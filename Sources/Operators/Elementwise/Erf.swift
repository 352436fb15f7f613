import ModelGraph

/// The error function.
///
/// - Source: ONNX Erf-13.
public struct Erf: ElementwiseUnary {
  public static let name = "Erf"

  public init() {}

  public func apply(_ x: Double) -> Double { C.erf(x) }
}
