import ModelGraph

/// `a < b`.
///
/// - Source: ONNX Less-13.
public struct Less: Comparison {
  public static let name = "Less"

  public init() {}

  public func apply<T: Comparable>(_ a: T, _ b: T) -> Bool { a < b }
}
