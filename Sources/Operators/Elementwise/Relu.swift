import ModelGraph

/// x where positive, 0 elsewhere.
///
/// - Source: ONNX Relu-14.
public struct Relu: NumericUnary {
  public static let name = "Relu"

  public init() {}

  public func apply(_ x: Double) -> Double { x > 0 || x.isNaN ? x : 0 }

  public func apply<T: FixedWidthInteger>(_ x: T) -> T { max(x, 0) }
}

extension Relu: DifferentiableUnary {
  /// 0 where x is 0, as in PyTorch.
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Sign(), [y])
  }
}
