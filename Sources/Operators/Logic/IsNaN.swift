import BinaryIO
import ModelGraph
import Tensors

/// True where the input is not a number.
///
/// - Source: ONNX IsNaN-20.
public struct IsNaN: Operator {
  public static let name = "IsNaN"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.floatingPoint(0)
    return [TensorType(.bool, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let values = try inputs.required(0).doubles.map {
      $0.isNaN
    }
    return [Tensor(shape: shape, values)]
  }
}
