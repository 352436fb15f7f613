import ModelGraph

/// `-x`.
///
/// - Source: ONNX Neg-13.
public struct Neg: NumericUnary {
  public static let name = "Neg"

  public init() {}

  public func apply(_ x: Double) -> Double { -x }

  public func apply<T: FixedWidthInteger>(_ x: T) -> T { 0 &- x }
}

extension Neg: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    builder.number(-1, like: x)
  }
}
