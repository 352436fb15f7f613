import BinaryIO
import ModelGraph
import Tensors

/// An operator that makes one number of all numbers along some axes.
///
/// Inputs: x, axes (optional; all axes without them).
///
/// - Types: computed in Double and rounded once to the input's type; whole numbers exactly where
///   that is
///   possible, and wrapping around.
public protocol Reduction: Operator {
  /// Whether reduced axes stay, with extent 1.
  var keepDimensions: Bool { get }
  /// Whether no axes mean none instead of all.
  var noopWithEmptyAxes: Bool { get }

  /// One number of a row; the row may be empty.
  func reduce(_ row: ArraySlice<Double>) -> Double

  /// One number of a row of whole numbers within `limits`, or nil for operators that compute in
  /// Double.
  func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T?
}

extension Reduction {
  public func reduce<T: FixedWidthInteger>(_ row: ArraySlice<T>, limits: ClosedRange<T>) -> T? {
    nil
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...2)
    let type = inputs[0].dataType
    guard type != .complex64 else { throw DataError(.mismatch, "the input is of complex64") }
    guard let dimensions = inputs[0].dimensions else { return [TensorType(type)] }
    guard let reduced = try axes(inputs, rank: dimensions.count) else {
      let rank = keepDimensions ? dimensions.count : nil
      return [TensorType(type, rank.map { [Dimension](repeating: .unknown, count: $0) })]
    }
    return [TensorType(type, reducing(dimensions, over: reduced, keep: keepDimensions))]
  }

  /// The axes that are reduced, or nil while they are not known.
  func axes(_ inputs: OperatorInputs, rank: Int) throws -> Set<Int>? {
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
    if x.dataType == .uint64 {
      let rows = x.rows(along: reduced, of: UInt64.self)
      let values = rows.compactMap { reduce($0, limits: UInt64.min...UInt64.max) }
      if values.count == rows.count { return [Tensor(shape: shape, values)] }
    } else if let limits = x.dataType.limits {
      let rows = x.cast(to: .int64).rows(along: reduced, of: Int.self)
      let values = rows.compactMap { reduce($0, limits: limits) }
      if values.count == rows.count { return [Tensor(shape: shape, values).cast(to: x.dataType)] }
    }
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
    cast(to: .float64).rows(along: axes, of: Double.self)
  }

  /// The same for a tensor of one type.
  func rows<T: TensorScalar>(along axes: Set<Int>, of type: T.Type) -> [ArraySlice<T>] {
    let kept = (0..<rank).filter { !axes.contains($0) }
    let values = permuted(kept + axes.sorted()).values(as: type)
    let length = axes.reduce(1) { $0 * shape[$1] }
    let count = elementCount == 0 && length > 0 ? 0 : kept.reduce(1) { $0 * shape[$1] }
    return (0..<count).map { values[($0 * length)..<(($0 + 1) * length)] }
  }
}

extension DataType {
  /// The range of an integer type that Int can hold, and of truth values.
  var limits: ClosedRange<Int>? {
    switch self {
    case .int64: Int.min...Int.max
    case .int32: Int(Int32.min)...Int(Int32.max)
    case .int16: Int(Int16.min)...Int(Int16.max)
    case .int8: Int(Int8.min)...Int(Int8.max)
    case .uint32: 0...Int(UInt32.max)
    case .uint16: 0...Int(UInt16.max)
    case .uint8: 0...Int(UInt8.max)
    case .bool: 0...1
    default: nil
    }
  }
}
