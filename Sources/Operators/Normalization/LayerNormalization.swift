import BinaryIO
import ModelGraph
import Tensors

/// Normalises over the trailing axes: `(x - mean) / √(variance + epsilon) · scale + bias`.
///
/// - Shapes: x of any rank, scale and bias (optional) stretch to it; gives x's shape, then mean and
///   1 / standard deviation with the normalised axes of extent 1.
/// - Source: ONNX LayerNormalization-17.
public struct LayerNormalization: ProvisionalOperator {
  public static let name = "LayerNormalization"
  /// The first of the axes that are normalised.
  public var axis: Int
  public var epsilon: Double

  public init(axis: Int = -1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }
}
