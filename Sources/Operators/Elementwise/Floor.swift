import ModelGraph

/// The greatest whole number that is not above x.
///
/// - Source: ONNX Floor-13.
public struct Floor: ElementwiseUnary {
  public static let name = "Floor"

  public init() {}

  public func apply(_ x: Double) -> Double { x.rounded(.down) }
}

extension Floor: Flat {}
