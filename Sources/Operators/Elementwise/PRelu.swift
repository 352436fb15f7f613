import BinaryIO
import ModelGraph
import Tensors

/// x where positive, `slope · x` elsewhere; slope stretches to x.
///
/// - Source: ONNX PRelu-16.
public struct PRelu: Operator {
  public static let name = "PRelu"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.number(0)
    let type = try inputs.sameType(0...1)
    if let x = inputs[0].shape, let slope = inputs[1].shape, x.broadcast(with: slope) != x {
      throw DataError(.mismatch, "the slope \(slope) does not stretch to the input \(x)")
    }
    return [TensorType(type, inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, slope) = (try inputs.required(0), try inputs.required(1))
    let values = zip(x.doubles, slope.broadcast(to: shape).doubles).map { $0 < 0 ? $0 * $1 : $0 }
    return [Tensor(shape: shape, values).cast(to: x.dataType)]
  }
}
