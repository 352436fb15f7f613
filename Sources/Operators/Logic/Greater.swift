import ModelGraph

/// `a > b`.
///
/// - Source: ONNX Greater-13.
public struct Greater: Comparison {
  public static let name = "Greater"

  public init() {}

  public func apply<T: Comparable>(_ a: T, _ b: T) -> Bool { a > b }
}
