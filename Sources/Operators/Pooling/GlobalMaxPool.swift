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
  /// Divided among equals.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let x = try builder.input(0)
    let isMost = try builder.add(Equal(), [x, builder.output(0)])
    let chosen = try builder.indicator(isMost, like: x)
    let axes = Array(2..<(try builder.shape(x).rank))
    let count = try builder.summed(chosen, over: axes, keep: true)
    return [try builder.multiply(builder.flow(0), builder.divide(chosen, count))]
  }
}
