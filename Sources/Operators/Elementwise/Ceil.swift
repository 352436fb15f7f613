import ModelGraph

/// The smallest whole number that is not below x.
///
/// - Source: ONNX Ceil-13.
public struct Ceil: ElementwiseUnary {
  public static let name = "Ceil"

  public init() {}

  public func apply(_ x: Double) -> Double { x.rounded(.up) }
}

extension Ceil: Flat {}
