import BinaryIO
import ModelGraph
import Tensors

/// Parts of an axis, chosen by indices.
///
/// - Shapes: the axis of x is replaced by the indices' axes.
/// - Source: ONNX Gather-13.
public struct Gather: Operator {
  public static let name = "Gather"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = 0) {
    self.axis = axis
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try checkIndices(inputs, 1)
    let type = inputs[0].dataType
    let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank)
    guard let x, let indices = inputs[1].dimensions else { return [TensorType(type)] }
    let axis = try resolve(axis: axis, rank: x.count)
    return [TensorType(type, x[..<axis] + indices + x[(axis + 1)...])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let axis = try resolve(axis: axis, rank: x.rank)
    let indices = try inputs.required(1).integers.map { try resolve(index: $0, x.shape[axis]) }
    return [try x.selecting(axis: axis, indices).reshaped(shape)]
  }
}

extension Gather: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let shape = try builder.shape(builder.input(0))
    let axis = try resolve(axis: axis, rank: shape.rank)
    return [
      try builder.add(
        GatherGradient(axis: axis, extent: shape[axis]), [builder.input(1), builder.flow(0)])
    ]
  }
}
