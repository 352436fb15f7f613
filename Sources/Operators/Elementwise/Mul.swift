import ModelGraph

/// `a · b`.
///
/// - Source: ONNX Mul-14.
public struct Mul: ElementwiseBinary {
  public static let name = "Mul"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a * b }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &* b }
}
