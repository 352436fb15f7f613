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

extension PRelu: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x, slope) = (try builder.flow(0), try builder.input(0), try builder.input(1))
    let zero = builder.number(0, like: x)
    let isPositive = try builder.add(Greater(), [x, zero])
    var gradients: [ValueID?] = [nil, nil]
    if builder.wants(0) {
      let factor = try builder.add(Where(), [isPositive, builder.number(1, like: x), slope])
      gradients[0] = try builder.multiply(flow, factor)
    }
    if builder.wants(1) {
      let below = try builder.add(Min(), [x, zero])
      gradients[1] = try builder.summed(builder.multiply(flow, below), like: slope)
    }
    return gradients
  }
}
