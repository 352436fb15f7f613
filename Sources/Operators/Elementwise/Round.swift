import ModelGraph

/// The nearest whole number; halves go to the even one.
///
/// - Source: ONNX Round-22.
public struct Round: ElementwiseUnary {
  public static let name = "Round"

  public init() {}

  public func apply(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
}

extension Round: Flat {}
