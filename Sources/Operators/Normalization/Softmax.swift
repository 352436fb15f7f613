import ModelGraph
import Tensors

/// `exp(x) / Σ exp(x)` along an axis.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX Softmax-13.
public struct Softmax: AxisNormalization {
  public static let name = "Softmax"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }

  public func normalise(_ row: ArraySlice<Double>) -> [Double] {
    let top = row.max() ?? 0
    let powers = row.map { C.exp($0 - top) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

extension Softmax: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, y) = (try builder.flow(0), try builder.output(0))
    let axis = try resolve(axis: axis, rank: builder.shape(y).rank)
    return [try builder.add(SoftmaxGradient(axis: axis, isLogarithm: false), [flow, y])]
  }
}
