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

extension Sum: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let flow = try builder.flow(0)
    return try builder.node.inputs.indices.map {
      builder.wants($0) ? try builder.summed(flow, like: builder.input($0)) : nil
    }
  }
}
