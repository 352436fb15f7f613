import BinaryIO
import ModelGraph
import Tensors

/// An operator that says where along an axis an element is.
public protocol ArgReduction: Operator {
  var axis: Int { get }
  var keepDimensions: Bool { get }
  var selectLastIndex: Bool { get }

  /// Whether `a` is to be chosen rather than `b`.
  func isBetter<T: Comparable>(_ a: T, than b: T) -> Bool
}

extension ArgReduction {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.number(0)
    guard let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) else {
      return [TensorType(.int64)]
    }
    let axis = try resolve(axis: axis, rank: x.count)
    guard x[axis] != 0 else { throw DataError(.mismatch, "axis \(axis) of \(text(x)) is empty") }
    return [TensorType(.int64, reducing(x, over: [axis], keep: keepDimensions))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let axis = try resolve(axis: axis, rank: x.rank)
    let indices =
      switch x.dataType {
      case .uint64: x.rows(along: [axis], of: UInt64.self).map { best($0) }
      case let type where type.isInteger:
        x.cast(to: .int64).rows(along: [axis], of: Int.self).map { best($0) }
      default: x.rows(along: [axis]).map { best($0) }
      }
    return [Tensor(shape: shape, indices)]
  }

  /// The place of the best element of a row that is not empty.
  private func best<T: Comparable>(_ row: ArraySlice<T>) -> Int {
    var best = row.startIndex
    for index in row.indices.dropFirst()
    where isBetter(row[index], than: row[best]) || (selectLastIndex && row[index] == row[best]) {
      best = index
    }
    return best - row.startIndex
  }
}
