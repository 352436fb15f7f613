import ModelGraph

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
