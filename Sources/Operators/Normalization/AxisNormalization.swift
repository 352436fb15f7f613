import BinaryIO
import ModelGraph
import Tensors

/// An operator that replaces each row along one axis by another of the same length.
///
/// - Types: computed in Double and rounded once to the input's type.
public protocol AxisNormalization: Operator {
  var axis: Int { get }

  /// The row's replacement; the row is never empty.
  func normalise(_ row: ArraySlice<Double>) -> [Double]
}

extension AxisNormalization {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    try inputs.floatingPoint(0)
    if let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) {
      _ = try resolve(axis: axis, rank: x.count)
    }
    return [inputs[0]]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShape(for: inputs)
    let x = try inputs.required(0)
    guard x.elementCount > 0 else { return [x] }
    let axis = try resolve(axis: axis, rank: x.rank)
    let others = (0..<x.rank).filter { $0 != axis }
    let moved = Tensor(
      shape: Shape((others + [axis]).map { x.shape[$0] }),
      x.rows(along: [axis]).flatMap { normalise($0) })
    var order = Array(0..<(x.rank - 1))
    order.insert(x.rank - 1, at: axis)
    return [moved.permuted(order).cast(to: x.dataType)]
  }
}
