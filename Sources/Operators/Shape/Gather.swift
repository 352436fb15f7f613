import BinaryIO
import ModelGraph
import Tensors

/// Parts of an axis, chosen by indices.
///
/// - Shapes: the axis of x is replaced by the indices' axes.
/// - Source: ONNX Gather-13.
public struct Gather: ProvisionalOperator {
  public static let name = "Gather"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = 0) {
    self.axis = axis
  }
}
