import BinaryIO
import ModelGraph
import Tensors

/// An operator that makes one number of each plane: all spatial axes become 1.
public protocol GlobalPooling: Operator {
  /// One number of all numbers of a plane.
  func pool(_ plane: ArraySlice<Double>) -> Double
}

extension GlobalPooling {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    let type = try inputs.floatingPoint(0)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    return [TensorType(type, x.map { Array($0[..<2]) + $0[2...].map { _ in 1 } })]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let values = x.rows(along: Set(2..<x.rank)).map { pool($0) }
    return [Tensor(shape: shape, values).cast(to: x.dataType)]
  }
}
