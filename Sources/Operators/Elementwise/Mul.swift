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

extension Mul: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, a, b) = (try builder.flow(0), try builder.input(0), try builder.input(1))
    return [
      builder.wants(0) ? try builder.summed(builder.multiply(flow, b), like: a) : nil,
      builder.wants(1) ? try builder.summed(builder.multiply(flow, a), like: b) : nil,
    ]
  }
}
