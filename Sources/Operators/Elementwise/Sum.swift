import ModelGraph

/// The sum of the inputs.
///
/// - Source: ONNX Sum-13.
public struct Sum: ElementwiseVariadic {
  public static let name = "Sum"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a + b }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }
}
