import ModelGraph
import Tensors

/// The maximum over all spatial axes.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, 1…]`.
/// - Source: ONNX GlobalMaxPool-22.
public struct GlobalMaxPool: GlobalPooling {
  public static let name = "GlobalMaxPool"

  public init() {}

  public func pool(_ plane: ArraySlice<Double>) -> Double {
    plane.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
  }
}

extension GlobalMaxPool: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let axes = Array(2..<(try builder.shape(builder.input(0)).rank))
    return [
      try builder.gradientOfExtreme(builder.output(0), builder.flow(0), over: axes)
    ]
  }
}
