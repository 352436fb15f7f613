import BinaryIO
import ModelGraph
import Tensors

/// Normalises each channel of each sample over its spatial axes.
///
/// - Shapes: x `[N, C, …]`; scale and bias `[C]`; gives x's shape.
/// - Source: ONNX InstanceNormalization-22.
public struct InstanceNormalization: ProvisionalOperator {
  public static let name = "InstanceNormalization"
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) {
    self.epsilon = epsilon
  }
}
