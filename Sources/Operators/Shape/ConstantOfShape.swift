import BinaryIO
import ModelGraph
import Tensors

/// A tensor of one value, repeated.
///
/// Input: the shape.
/// - Source: ONNX ConstantOfShape-25.
public struct ConstantOfShape: ProvisionalOperator {
  public static let name = "ConstantOfShape"
  /// One element.
  public var value: Tensor

  public init(value: Tensor = Tensor(scalar: Float(0))) {
    self.value = value
  }
}
