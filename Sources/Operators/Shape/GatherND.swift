import BinaryIO
import ModelGraph
import Tensors

/// Parts of a tensor, chosen by vectors of indices.
///
/// - Source: ONNX GatherND-13.
public struct GatherND: Operator {
  public static let name = "GatherND"
  /// Leading axes that x and indices share.
  public var batchDimensions: Int

  public init(batchDimensions: Int = 0) {
    self.batchDimensions = batchDimensions
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try checkIndices(inputs, 1)
    let type = inputs[0].dataType
    let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank)
    let indices = try inputs.dimensions(1, "the indices", rank: 1...Shape.maximumRank)
    guard let x, let indices, let length = indices[indices.count - 1].value else {
      return [TensorType(type)]
    }
    let batch = batchDimensions
    guard batch >= 0, batch < min(x.count, indices.count), length >= 1, length <= x.count - batch,
      (0..<batch).allSatisfy({ unified(x[$0], indices[$0]) != nil })
    else {
      throw DataError(
        .mismatch, "indices \(text(indices)) into \(text(x)) with \(batch) batch dimensions")
    }
    return [TensorType(type, indices.dropLast() + x[(batch + length)...])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (x, indices) = (try inputs.required(0), try inputs.required(1))
    guard shape.elementCount > 0 else { return [Tensor(zeros: shape, dataType: x.dataType)] }
    let length = indices.shape[indices.rank - 1]
    let strides = x.shape.contiguousStrides
    let batches = x.shape.dimensions[..<batchDimensions].reduce(1, *)
    let perBatch = indices.elementCount / length / batches
    let numbers = indices.integers
    let inner = Array(x.shape.dimensions[(batchDimensions + length)...])
    let part = places(Shape(inner), strides: Array(strides[(batchDimensions + length)...]))
    var chosen: [Int] = []
    chosen.reserveCapacity(shape.elementCount)
    for vector in 0..<(batches * perBatch) {
      var start = vector / perBatch * (x.elementCount / batches)
      for i in 0..<length {
        let axis = batchDimensions + i
        start += try resolve(index: numbers[vector * length + i], x.shape[axis]) * strides[axis]
      }
      chosen += part.map { start + $0 }
    }
    return [try x.picking(chosen, shape: shape)]
  }
}

extension GatherND: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x) = (try builder.flow(0), try builder.input(0))
    var indices = try builder.input(1)
    // The axes that both share become part of the vectors
    var own = try builder.shape(indices).dimensions
    for axis in (0..<batchDimensions).reversed() {
      own[own.count - 1] = 1
      let column = (0..<own.count).map { $0 == axis ? own[axis] : 1 }
      let numbers = Tensor(Array(0..<own[axis])).reshaped(Shape(column)).broadcast(to: Shape(own))
      let kept = try builder.add(Cast(to: .int64), [indices])
      indices = try builder.add(
        Concat(axis: -1), [builder.constant(numbers.contiguous()), kept])
    }
    return [
      try builder.add(
        ScatterND(reduction: .add), [builder.zeros(like: x), indices, flow])
    ]
  }
}
