import ModelGraph

/// `1 / (1 + e⁻ˣ)`.
///
/// - Source: ONNX Sigmoid-13.
public struct Sigmoid: ElementwiseUnary {
  public static let name = "Sigmoid"

  public init() {}

  public func apply(_ x: Double) -> Double { 1 / (1 + C.exp(-x)) }
}

extension Sigmoid: SlopedUnary {
  public var isOfResult: Bool { true }

  public func slope(at y: Double) -> Double { y * (1 - y) }
}
