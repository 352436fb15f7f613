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

extension Sub: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let flow = try builder.flow(0)
    return [
      builder.wants(0) ? try builder.summed(flow, like: builder.input(0)) : nil,
      builder.wants(1)
        ? try builder.negated(builder.summed(flow, like: builder.input(1))) : nil,
    ]
  }
}
