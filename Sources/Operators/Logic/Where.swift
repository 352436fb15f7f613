import BinaryIO
import ModelGraph
import Tensors

/// Elements of x where the condition is true, of y elsewhere.
///
/// Inputs: condition, x, y, which stretch to a common shape.
/// - Source: ONNX Where-16.
public struct Where: Operator {
  public static let name = "Where"

  public init() {}

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    if let type = inputs[0].dataType, type != .bool {
      throw DataError(.mismatch, "the condition is of \(type)", expected: "bool")
    }
    let shape = try broadcast((0..<3).map { inputs[$0].dimensions })
    return [TensorType(try inputs.sameType(1...2), shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let condition = try inputs.required(0).broadcast(to: shape).values(as: Bool.self)
    let count = shape.elementCount
    let both = try Tensor.concatenated(
      try [1, 2].map { try inputs.required($0).broadcast(to: shape).reshaped([count]) }, axis: 0,
      shape: [2 * count])
    return [
      try both.picking(condition.indices.map { condition[$0] ? $0 : count + $0 }, shape: shape)
    ]
  }
}

extension Where: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, condition) = (try builder.flow(0), try builder.input(0))
    let zero = builder.number(0, like: flow)
    var gradients: [ValueID?] = [nil, nil, nil]
    if builder.wants(1) {
      let part = try builder.add(Where(), [condition, flow, zero])
      gradients[1] = try builder.summed(part, like: builder.input(1))
    }
    if builder.wants(2) {
      let part = try builder.add(Where(), [condition, zero, flow])
      gradients[2] = try builder.summed(part, like: builder.input(2))
    }
    return gradients
  }
}
