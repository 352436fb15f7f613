import BinaryIO
import ModelGraph
import Tensors

/// `log(softmax(x))` along an axis.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX LogSoftmax-13.
public struct LogSoftmax: ProvisionalOperator {
  public static let name = "LogSoftmax"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }
}
