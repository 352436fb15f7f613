import BinaryIO
import ModelGraph
import Tensors

/// Normalises groups of channels of each sample together.
///
/// - Shapes: x `[N, C, …]`; scale and bias `[C]`; gives x's shape.
/// - Source: ONNX GroupNormalization-21.
public struct GroupNormalization: ProvisionalOperator {
  public static let name = "GroupNormalization"
  public var groups: Int
  public var epsilon: Double

  public init(groups: Int, epsilon: Double = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }
}
