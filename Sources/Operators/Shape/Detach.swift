import BinaryIO
import ModelGraph
import Tensors

/// The input itself, which gradients take for a constant.
///
/// Not one of the standard's operators: `Identity` there.
public struct Detach: Operator {
  public static let name = "Detach"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { [try inputs.required(0)] }
}

extension Detach: Flat {}
