import ModelGraph

/// The absolute value.
///
/// - Source: ONNX Abs-13.
public struct Abs: NumericUnary {
  public static let name = "Abs"

  public init() {}

  public func apply(_ x: Double) -> Double { abs(x) }

  public func apply<T: FixedWidthInteger>(_ x: T) -> T { x < 0 ? 0 &- x : x }
}

extension Abs: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Sign(), [x])
  }
}
