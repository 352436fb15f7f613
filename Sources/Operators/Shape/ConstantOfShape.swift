import BinaryIO
import ModelGraph
import Tensors

/// A tensor of one value, repeated.
///
/// Input: the shape.
/// - Source: ONNX ConstantOfShape-25.
public struct ConstantOfShape: Operator {
  public static let name = "ConstantOfShape"
  /// One element.
  public var value: Tensor

  public init(value: Tensor = Tensor(scalar: Float(0))) {
    self.value = value
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    guard value.elementCount == 1 else {
      throw DataError(.mismatch, "a value of \(value.elementCount) elements", expected: "one")
    }
    guard let target = try inputs.integers(0, "the shape") else {
      return [TensorType(value.dataType)]
    }
    return [TensorType(value.dataType, shape: try Shape(checking: target))]
  }

  /// A view with strides of zero.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [value.reshaped([]).broadcast(to: shape)]
  }
}
