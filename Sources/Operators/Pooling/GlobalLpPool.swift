import ModelGraph

/// The p-norm over all spatial axes.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, 1…]`.
/// - Source: ONNX GlobalLpPool-22.
public struct GlobalLpPool: GlobalPooling {
  public static let name = "GlobalLpPool"
  public var p: Int

  public init(p: Int = 2) {
    self.p = p
  }

  public func pool(_ plane: ArraySlice<Double>) -> Double {
    C.pow(plane.reduce(0) { $0 + C.pow(abs($1), Double(p)) }, 1 / Double(p))
  }
}

extension GlobalLpPool: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let slope = try builder.slopeOfNorm(builder.input(0), builder.output(0), p)
    return [try builder.multiply(builder.flow(0), slope)]
  }
}
