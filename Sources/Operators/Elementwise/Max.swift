import ModelGraph

/// The greatest of the inputs.
///
/// - Source: ONNX Max-13.
public struct Max: ElementwiseVariadic {
  public static let name = "Max"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { max(a, b) }
}

extension Max: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.gradientsOfExtreme()
  }
}
