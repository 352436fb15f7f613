import BinaryIO
import ModelGraph
import Tensors

/// A tensor with single elements replaced.
///
/// Inputs: x, indices, updates.
/// - Source: ONNX ScatterElements-18.
public struct ScatterElements: Operator {
  public static let name = "ScatterElements"
  /// Counted from the end when negative.
  public var axis: Int
  public var reduction: ScatterReduction

  public init(axis: Int = 0, reduction: ScatterReduction = .none) {
    self.axis = axis
    self.reduction = reduction
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    try checkIndices(inputs, 1)
    if let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) {
      let axis = try resolve(axis: axis, rank: x.count)
      if let indices = inputs[1].dimensions, let updates = inputs[2].dimensions {
        let fits =
          indices.count == x.count && updates.count == x.count
          && x.indices.allSatisfy {
            unified(indices[$0], updates[$0]) != nil
              && ($0 == axis || (indices[$0].value ?? 0) <= (x[$0].value ?? .max))
          }
        guard fits else {
          throw DataError(
            .mismatch, "updates \(text(updates)) at \(text(indices)) of \(text(x))")
        }
      }
    }
    return [TensorType(try inputs.sameType([0, 2]), inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let (x, indices) = (try inputs.required(0), try inputs.required(1))
    let axis = try resolve(axis: axis, rank: x.rank)
    let strides = x.shape.contiguousStrides
    var others = strides
    others[axis] = 0
    let targets = try zip(places(indices.shape, strides: others), indices.integers).map {
      $0 + (try resolve(index: $1, x.shape[axis])) * strides[axis]
    }
    return [try x.scattering(try inputs.required(2), at: targets, reduction)]
  }
}

extension ScatterElements: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (axis, indices) = (axis, try builder.input(1))
    return try builder.gradientsOfScattering(
      reduction, gather: { try $0.add(GatherElements(axis: axis), [$1, indices]) },
      scatter: { try $0.add(ScatterElements(axis: axis, reduction: $3), [$1, indices, $2]) })
  }
}
