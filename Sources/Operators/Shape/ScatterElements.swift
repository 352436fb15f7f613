import BinaryIO
import ModelGraph
import Tensors

/// A tensor with single elements replaced.
///
/// Inputs: x, indices, updates.
/// - Source: ONNX ScatterElements-18.
public struct ScatterElements: ProvisionalOperator {
  public static let name = "ScatterElements"
  /// Counted from the end when negative.
  public var axis: Int
  public var reduction: ScatterReduction

  public init(axis: Int = 0, reduction: ScatterReduction = .none) {
    self.axis = axis
    self.reduction = reduction
  }
}
