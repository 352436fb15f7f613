import ModelGraph
import Tensors

/// `log(softmax(x))` along an axis.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX LogSoftmax-13.
public struct LogSoftmax: AxisNormalization {
  public static let name = "LogSoftmax"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }

  public func normalise(_ row: ArraySlice<Double>) -> [Double] {
    let top = row.max() ?? 0
    let logarithm = C.log(row.reduce(0) { $0 + C.exp($1 - top) })
    return row.map { $0 - top - logarithm }
  }
}

extension LogSoftmax: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, y) = (try builder.flow(0), try builder.output(0))
    let axis = try resolve(axis: axis, rank: builder.shape(y).rank)
    return [try builder.add(SoftmaxGradient(axis: axis, isLogarithm: true), [flow, y])]
  }
}
