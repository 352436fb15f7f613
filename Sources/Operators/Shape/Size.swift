import BinaryIO
import ModelGraph
import Tensors

/// The number of a tensor's elements as an int64 scalar.
///
/// - Source: ONNX Size-25.
public struct Size: Operator {
  public static let name = "Size"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    return [TensorType(.int64, [])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    [Tensor(scalar: try inputs.required(0).elementCount)]
  }
}
