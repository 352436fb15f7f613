import BinaryIO
import ModelGraph
import Tensors

/// The same numbers in another type.
///
/// - Source: ONNX Cast-25, without saturation of float8.
public struct Cast: Operator {
  public static let name = "Cast"
  public var target: DataType

  public init(to target: DataType) {
    self.target = target
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    return [TensorType(target, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    [try inputs.required(0).cast(to: target)]
  }
}

extension Cast: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let type = builder.dataType(try builder.input(0))
    guard type.isFloatingPoint else { return [nil] }
    return [try builder.add(Cast(to: type), [builder.flow(0)])]
  }
}
