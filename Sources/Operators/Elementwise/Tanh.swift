import ModelGraph

/// The hyperbolic tangent.
///
/// - Source: ONNX Tanh-13.
public struct Tanh: ElementwiseUnary {
  public static let name = "Tanh"

  public init() {}

  public func apply(_ x: Double) -> Double { C.tanh(x) }
}

extension Tanh: SlopedUnary {
  public var isOfResult: Bool { true }

  public func slope(at y: Double) -> Double { 1 - y * y }
}
