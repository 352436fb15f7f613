import ModelGraph

/// `a ≥ b`.
///
/// - Source: ONNX GreaterOrEqual-16.
public struct GreaterOrEqual: Comparison {
  public static let name = "GreaterOrEqual"

  public init() {}

  public func apply<T: Comparable>(_ a: T, _ b: T) -> Bool { a >= b }
}
