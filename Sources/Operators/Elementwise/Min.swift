import ModelGraph

/// The smallest of the inputs.
///
/// - Source: ONNX Min-13.
public struct Min: ElementwiseVariadic {
  public static let name = "Min"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : min(a, b) }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { min(a, b) }
}

extension Min: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.gradientsOfExtreme()
  }
}
