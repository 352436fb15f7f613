import ModelGraph

/// -1, 0 or 1.
///
/// - Source: ONNX Sign-13.
public struct Sign: NumericUnary {
  public static let name = "Sign"

  public init() {}

  public func apply(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : x }

  public func apply<T: FixedWidthInteger>(_ x: T) -> T { x.signum() }
}

extension Sign: Flat {}
