import ModelGraph

/// The natural logarithm.
///
/// - Source: ONNX Log-13.
public struct Log: ElementwiseUnary {
  public static let name = "Log"

  public init() {}

  public func apply(_ x: Double) -> Double { C.log(x) }
}

extension Log: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Reciprocal(), [x])
  }
}
