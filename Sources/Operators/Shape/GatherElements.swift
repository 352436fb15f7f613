import BinaryIO
import ModelGraph
import Tensors

/// Single elements, chosen by an index along one axis.
///
/// - Shapes: gives the indices' shape.
/// - Source: ONNX GatherElements-13.
public struct GatherElements: Operator {
  public static let name = "GatherElements"
  /// Counted from the end when negative.
  public var axis: Int

  public init(axis: Int = 0) {
    self.axis = axis
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try checkIndices(inputs, 1)
    let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank)
    let indices = inputs[1].dimensions
    if let x, let indices {
      let axis = try resolve(axis: axis, rank: x.count)
      let fits =
        x.count == indices.count
        && x.indices.allSatisfy { $0 == axis || (indices[$0].value ?? 0) <= (x[$0].value ?? .max) }
      guard fits else {
        throw DataError(.mismatch, "indices \(text(indices)) into \(text(x))")
      }
    }
    return [TensorType(inputs[0].dataType, indices)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let axis = try resolve(axis: axis, rank: x.rank)
    let strides = x.shape.contiguousStrides
    var others = strides
    others[axis] = 0
    let chosen = try zip(places(shape, strides: others), try inputs.required(1).integers).map {
      $0 + (try resolve(index: $1, x.shape[axis])) * strides[axis]
    }
    return [try x.picking(chosen, shape: shape)]
  }
}

extension GatherElements: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let zeros = try builder.zeros(like: builder.input(0))
    return [
      try builder.add(
        ScatterElements(axis: axis, reduction: .add),
        [zeros, builder.input(1), builder.flow(0)])
    ]
  }
}
