import BinaryIO
import Tensors

extension TensorMessage {
  /// A message that holds the tensor's bytes.
  init(_ tensor: Tensor, name: String = "") {
    self.init(
      name: name, dimensions: tensor.shape.dimensions,
      elementType: ElementType.number(tensor.dataType))
    elements.runs = [.init(field: 9, bytes: tensor.contiguousBytes)]
  }
}
