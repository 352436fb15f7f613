import ModelGraph

/// `a ≤ b`.
///
/// - Source: ONNX LessOrEqual-16.
public struct LessOrEqual: Comparison {
  public static let name = "LessOrEqual"

  public init() {}

  public func apply<T: Comparable>(_ a: T, _ b: T) -> Bool { a <= b }
}
