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

extension Mean: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let flow = try builder.multiply(
      builder.flow(0), by: 1 / Double(builder.node.inputs.count))
    return try builder.node.inputs.indices.map {
      builder.wants($0) ? try builder.summed(flow, like: builder.input($0)) : nil
    }
  }
}
