import BinaryIO
import ModelGraph
import Tensors

/// A tensor with parts replaced.
///
/// Inputs: x, indices, updates.
/// - Source: ONNX ScatterND-18.
public struct ScatterND: Operator {
  public static let name = "ScatterND"
  public var reduction: ScatterReduction

  public init(reduction: ScatterReduction = .none) {
    self.reduction = reduction
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    try checkIndices(inputs, 1)
    let indices = try inputs.dimensions(1, "the indices", rank: 1...Shape.maximumRank)
    if let x = inputs[0].dimensions, let indices, let updates = inputs[2].dimensions,
      let length = indices[indices.count - 1].value
    {
      guard (1...max(x.count, 1)).contains(length), length <= x.count else {
        throw DataError(.mismatch, "indices \(text(indices)) into \(text(x))")
      }
      let wanted = indices.dropLast() + x[length...]
      guard updates.count == wanted.count,
        zip(updates, wanted).allSatisfy({ unified($0, $1) != nil })
      else {
        throw DataError(.mismatch, "updates \(text(updates))", expected: text(Array(wanted)))
      }
    }
    return [TensorType(try inputs.sameType([0, 2]), inputs[0].dimensions)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let (x, indices) = (try inputs.required(0), try inputs.required(1))
    let length = indices.shape[indices.rank - 1]
    let strides = x.shape.contiguousStrides
    let part = places(
      Shape(Array(x.shape.dimensions[length...])), strides: Array(strides[length...]))
    let numbers = indices.integers
    var targets: [Int] = []
    for vector in 0..<(numbers.count / length) where !part.isEmpty {
      var start = 0
      for axis in 0..<length {
        start += try resolve(index: numbers[vector * length + axis], x.shape[axis]) * strides[axis]
      }
      targets += part.map { start + $0 }
    }
    return [try x.scattering(try inputs.required(2), at: targets, reduction)]
  }
}

extension ScatterND: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let indices = try builder.input(1)
    return try builder.gradientsOfScattering(
      reduction, gather: { try $0.add(GatherND(), [$1, indices]) },
      scatter: { try $0.add(ScatterND(reduction: $3), [$1, indices, $2]) })
  }
}
