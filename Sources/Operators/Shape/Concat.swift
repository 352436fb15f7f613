import BinaryIO
import ModelGraph
import Tensors

/// Tensors joined along an axis.
///
/// - Source: ONNX Concat-13.
public struct Concat: ProvisionalOperator {
  public static let name = "Concat"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }
}
