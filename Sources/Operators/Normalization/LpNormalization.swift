import BinaryIO
import ModelGraph
import Tensors

/// Divides by the p-norm along an axis.
///
/// - Shapes: gives x's shape.
/// - Source: ONNX LpNormalization-22.
public struct LpNormalization: ProvisionalOperator {
  public static let name = "LpNormalization"
  /// Counted from the end when negative.
  public var axis: Int
  public var p: Int

  public init(axis: Int = -1, p: Int = 2) {
    self.axis = axis
    self.p = p
  }
}
