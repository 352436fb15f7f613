import BinaryIO
import ModelGraph
import Tensors

/// An operator that makes one number of all numbers along some axes.
///
/// Inputs: x, axes (optional; all axes without them).
///
/// - Types: computed in Double and rounded once to the input's type.
public protocol Reduction: Operator {
  /// Whether reduced axes stay, with extent 1.
  var keepDimensions: Bool { get }
  /// Whether no axes mean none instead of all.
  var noopWithEmptyAxes: Bool { get }

  /// One number of a row; the row may be empty.
  func reduce(_ row: ArraySlice<Double>) -> Double
}

extension Reduction {
  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...2)
    let type = inputs[0].dataType
    guard let dimensions = inputs[0].dimensions else { return [TensorType(type)] }
    guard let reduced = try axes(inputs, rank: dimensions.count) else {
      let rank = keepDimensions ? dimensions.count : nil
      return [TensorType(type, rank.map { [Dimension](repeating: .unknown, count: $0) })]
    }
    return [TensorType(type, reducing(dimensions, over: reduced, keep: keepDimensions))]
  }

  /// The axes that are reduced, or nil while they are not known.
  private func axes(_ inputs: OperatorInputs, rank: Int) throws -> Set<Int>? {
    guard inputs.has(1) else { return noopWithEmptyAxes ? [] : Set(0..<rank) }
    guard let given = try inputs.integers(1, "the axes") else { return nil }
    if given.isEmpty { return noopWithEmptyAxes ? [] : Set(0..<rank) }
    return Set(try resolve(axes: given, rank: rank))
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let reduced = try axes(OperatorInputs(evaluating: inputs), rank: x.rank) ?? []
    if reduced.isEmpty && noopWithEmptyAxes { return [x] }
    let values = x.rows(along: reduced).map { reduce($0) }
    return [Tensor(shape: shape, values).cast(to: x.dataType)]
  }
}

/// The dimensions that are left when some axes are reduced.
func reducing(_ dimensions: [Dimension], over axes: Set<Int>, keep: Bool) -> [Dimension] {
  dimensions.enumerated().compactMap { axis, dimension in
    axes.contains(axis) ? (keep ? 1 : nil) : dimension
  }
}

extension Tensor {
  /// The elements along `axes` for each place along the others, in row-major order.
  func rows(along axes: Set<Int>) -> [ArraySlice<Double>] {
    let kept = (0..<rank).filter { !axes.contains($0) }
    let values = permuted(kept + axes.sorted()).doubles
    let length = axes.reduce(1) { $0 * shape[$1] }
    let count = kept.reduce(1) { $0 * shape[$1] }
    return (0..<count).map { values[($0 * length)..<(($0 + 1) * length)] }
  }
}
