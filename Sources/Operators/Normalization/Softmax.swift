import BinaryIO
import ModelGraph
import Tensors

/// `exp(x) / Σ exp(x)` along an axis.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX Softmax-13.
public struct Softmax: ProvisionalOperator {
  public static let name = "Softmax"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }
}
