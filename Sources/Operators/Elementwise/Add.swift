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

extension Add: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let flow = try builder.flow(0)
    return try (0..<2).map {
      builder.wants($0) ? try builder.summed(flow, like: builder.input($0)) : nil
    }
  }
}
