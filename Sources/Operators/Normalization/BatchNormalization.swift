import BinaryIO
import ModelGraph
import Tensors

/// Normalises each channel by running statistics: `(x - mean) / √(variance + epsilon) · scale + bias`.
///
/// - Shapes: x `[N, C, …]`; scale, bias, mean and variance `[C]`; gives x's shape.
/// - Source: ONNX BatchNormalization-15, with `training_mode` 0.
public struct BatchNormalization: ProvisionalOperator {
  public static let name = "BatchNormalization"
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) {
    self.epsilon = epsilon
  }
}
