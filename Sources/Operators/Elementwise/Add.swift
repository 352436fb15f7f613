import ModelGraph

/// `a + b`.
///
/// - Source: ONNX Add-14.
public struct Add: ElementwiseBinary {
  public static let name = "Add"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a + b }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }
}
