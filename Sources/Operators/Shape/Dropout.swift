import BinaryIO
import ModelGraph
import Tensors

/// The input itself, as dropout is at inference, and a mask that is all true.
///
/// - Source: ONNX Dropout-22, with `training_mode` 0.
public struct Dropout: Operator {
  public static let name = "Dropout"
  /// The share that training drops; only kept for export.
  public var ratio: Double

  public init(ratio: Double = 0.5) {
    self.ratio = ratio
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...3)
    return [inputs[0], TensorType(.bool, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [x, Tensor(scalar: true).broadcast(to: x.shape)]
  }
}

extension Dropout: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return [try builder.reshaped(builder.flow(0), builder.shape(builder.input(0)))]
  }
}
