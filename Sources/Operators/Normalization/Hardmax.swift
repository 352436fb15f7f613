import BinaryIO
import ModelGraph
import Tensors

/// 1 for the first greatest element along an axis, 0 for the others.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX Hardmax-13.
public struct Hardmax: ProvisionalOperator {
  public static let name = "Hardmax"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = -1) {
    self.axis = axis
  }
}
