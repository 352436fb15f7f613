import ModelGraph

/// The mean of the inputs.
///
/// - Source: ONNX Mean-13.
public struct Mean: ElementwiseVariadic {
  public static let name = "Mean"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a + b }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }

  public func finish(_ sum: Double, count: Int) -> Double { sum / Double(count) }
}
