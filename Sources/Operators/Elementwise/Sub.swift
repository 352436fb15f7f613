import ModelGraph

/// `a - b`.
///
/// - Source: ONNX Sub-14.
public struct Sub: ElementwiseBinary {
  public static let name = "Sub"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a - b }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &- b }
}
