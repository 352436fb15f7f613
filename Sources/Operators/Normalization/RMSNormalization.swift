import BinaryIO
import ModelGraph
import Tensors

/// Divides by the root of the mean square over the trailing axes, times scale.
///
/// - Shapes: x of any rank, scale stretches to it; gives x's shape.
/// - Source: ONNX RMSNormalization-23.
public struct RMSNormalization: ProvisionalOperator {
  public static let name = "RMSNormalization"
  /// The first of the axes that are normalised.
  public var axis: Int
  public var epsilon: Double

  public init(axis: Int = -1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }
}
