import BinaryIO
import ModelGraph
import Tensors

/// How the loss moves with what `Softmax` or `LogSoftmax` took: `y · (flow - Σ flow · y)`, or `flow - eʸ · Σ flow`.
///
/// Not one of the standard's operators.
/// - Shapes: the gradient of the result, and the result y; gives their shape.
public struct SoftmaxGradient: Operator {
  public static let name = "SoftmaxGradient"
  /// Counted from the beginning.
  public var axis: Int
  public var isLogarithm: Bool

  public init(axis: Int, isLogarithm: Bool) {
    self.axis = axis
    self.isLogarithm = isLogarithm
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    try inputs.floatingPoint(0)
    try inputs.sameType(0...1)
    try inputs.checkGradient(0, of: inputs[1].dimensions, "the shares")
    if let y = inputs[1].dimensions, axis < 0 || axis >= y.count {
      throw DataError(.mismatch, "axis \(axis) of the shares \(text(y))")
    }
    return [inputs[1]]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let (flow, y) = (try inputs.required(0).doubles, try inputs.required(1))
    let (ys, extent) = (y.doubles, shape[axis])
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    var result = ys
    for start in 0..<(ys.count / max(extent, 1)) {
      let first = start / inner * extent * inner + start % inner
      let places = (0..<extent).map { first + $0 * inner }
      let total = places.reduce(0) { $0 + flow[$1] * (isLogarithm ? 1 : ys[$1]) }
      for place in places {
        result[place] =
          isLogarithm
          ? flow[place] - C.exp(ys[place]) * total : ys[place] * (flow[place] - total)
      }
    }
    return [Tensor(shape: shape, result).cast(to: y.dataType)]
  }
}
