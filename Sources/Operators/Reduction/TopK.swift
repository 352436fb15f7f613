import BinaryIO
import ModelGraph
import Tensors

/// The k greatest (or smallest) elements along an axis, and their indices.
///
/// Inputs: x, k. Among equals the lower index goes first.
/// - Source: ONNX TopK-24.
public struct TopK: Operator {
  public static let name = "TopK"
  /// Counted from the end when negative.
  public var axis: Int
  public var largest: Bool
  /// Whether they must be in order; ours always are.
  public var sorted: Bool

  public init(axis: Int = -1, largest: Bool = true, sorted: Bool = true) {
    self.axis = axis
    self.largest = largest
    self.sorted = sorted
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = try inputs.number(0)
    let k = try inputs.integer(1, "k")
    guard var x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) else {
      return [TensorType(type), TensorType(.int64)]
    }
    let axis = try resolve(axis: axis, rank: x.count)
    if let k, k < 0 || k > x[axis].value ?? .max {
      throw DataError(.mismatch, "the \(k) greatest of \(x[axis]) elements")
    }
    x[axis] = k.map { .fixed($0) } ?? .unknown
    return [TensorType(type, x), TensorType(.int64, x)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let axis = try resolve(axis: axis, rank: x.rank)
    let k = shape[axis]
    let indices =
      x.dataType.isFloatingPoint
      ? x.rows(along: [axis]).flatMap { best(k, $0) }
      : x.cast(to: .int64).rows(along: [axis], of: Int.self).flatMap { best(k, $0) }
    // Rows lie along the last axis now; they go back to where they came from.
    let others = (0..<x.rank).filter { $0 != axis }
    var order = Array(0..<(x.rank - 1))
    order.insert(x.rank - 1, at: axis)
    let rows = Tensor(shape: Shape(others.map { shape[$0] } + [k]), indices).permuted(order)
    let values = try GatherElements(axis: axis).evaluate([x, rows])
    return [values[0], rows]
  }

  /// The places of the best elements of a row, the best first.
  private func best<T: Comparable>(_ k: Int, _ row: ArraySlice<T>) -> [Int] {
    let sorted = row.indices.sorted { a, b in
      row[a] == row[b] ? a < b : largest ? row[a] > row[b] : row[a] < row[b]
    }
    return sorted.prefix(k).map { $0 - row.startIndex }
  }
}

extension TopK: Differentiable {
  /// Back to the places that the elements came from.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, x) = (try builder.flow(0), try builder.input(0))
    let places =
      try builder.outputs(1) ?? builder.add(self, [x, builder.input(1)], outputs: 2)[1]
    return [
      try builder.add(
        ScatterElements(axis: axis, reduction: .add), [builder.zeros(like: x), places, flow])
    ]
  }
}
