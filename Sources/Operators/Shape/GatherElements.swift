import BinaryIO
import ModelGraph
import Tensors

/// Single elements, chosen by an index along one axis.
///
/// - Shapes: gives the indices' shape.
/// - Source: ONNX GatherElements-13.
public struct GatherElements: ProvisionalOperator {
  public static let name = "GatherElements"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = 0) {
    self.axis = axis
  }
}
