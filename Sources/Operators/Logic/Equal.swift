import ModelGraph

/// `a = b`.
///
/// - Source: ONNX Equal-19.
public struct Equal: Comparison {
  public static let name = "Equal"

  public init() {}

  public func apply<T: Comparable>(_ a: T, _ b: T) -> Bool { a == b }
}
