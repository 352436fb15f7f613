import BinaryIO
import ModelGraph
import Tensors

/// A tensor's extents as int64.
///
/// - Source: ONNX Shape-25.
public struct ShapeOf: Operator {
  public static let name = "Shape"
  /// The first axis; counted from the end when negative, and clamped.
  public var start: Int
  /// The axis after the last; nil for all.
  public var end: Int?

  public init(start: Int = 0, end: Int? = nil) {
    self.start = start
    self.end = end
  }

  /// The axes that are asked for.
  func range(rank: Int) -> Range<Int> {
    func clamp(_ axis: Int) -> Int { min(max(axis < 0 ? axis + rank : axis, 0), rank) }
    let first = clamp(start)
    return first..<max(first, clamp(end ?? rank))
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(1...1)
    let count = inputs[0].rank.map { range(rank: $0).count }
    return [TensorType(.int64, [count.map { .fixed($0) } ?? .unknown])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [Tensor(Array(x.shape.dimensions[range(rank: x.rank)]))]
  }
}
