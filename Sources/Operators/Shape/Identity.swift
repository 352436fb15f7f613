import BinaryIO
import ModelGraph
import Tensors

/// The input itself.
///
/// - Source: ONNX Identity-25.
public struct Identity: Operator {
  public static let name = "Identity"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { [try inputs.required(0)] }
}

extension Identity: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [try builder.reshaped(builder.flow(0), builder.shape(builder.input(0)))]
  }
}
