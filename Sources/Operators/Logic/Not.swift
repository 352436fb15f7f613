import BinaryIO
import ModelGraph
import Tensors

/// True where the input is not.
///
/// - Source: ONNX Not-1.
public struct Not: Operator {
  public static let name = "Not"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    if let type = inputs[0].dataType, type != .bool {
      throw DataError(.mismatch, "the input is of \(type)", expected: "bool")
    }
    return [TensorType(.bool, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    return [Tensor(shape: shape, try inputs.required(0).values(as: Bool.self).map { !$0 })]
  }
}
