import BinaryIO
import ModelGraph
import Tensors

/// Divides by the root of the mean square over the trailing axes, times scale.
///
/// - Shapes: x of any rank, scale stretches to it; gives x's shape.
/// - Source: ONNX RMSNormalization-23.
public struct RMSNormalization: Operator {
  public static let name = "RMSNormalization"
  /// The first of the axes that are normalised.
  public var axis: Int
  public var epsilon: Double

  public init(axis: Int = -1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...2)
    let type = try inputs.floatingPoint(0)
    guard let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) else {
      return [TensorType(type)]
    }
    _ = try resolve(axis: axis, rank: x.count)
    try checkStretches(inputs, 1, "the scale", to: x)
    return [TensorType(type, x)]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let rows = x.rows(along: Set((try resolve(axis: axis, rank: x.rank))..<x.rank))
    let values = rows.flatMap { row in
      let square = row.reduce(0) { $0 + $1 * $1 } / Double(row.count)
      let inverse = 1 / (square + epsilon).squareRoot()
      return row.map { $0 * inverse }
    }
    let scale = try inputs.required(1).broadcast(to: shape).doubles
    return [Tensor(shape: shape, zip(values, scale).map(*)).cast(to: x.dataType)]
  }
}

extension RMSNormalization: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let x = try builder.input(0)
    let rank = try builder.shape(x).rank
    let axes = Array((try resolve(axis: axis, rank: rank))..<rank)
    return try builder.gradientsOfRows(from: axes[0], epsilon: epsilon, isCentred: false)
      ?? builder.gradientsOfNormalization(axes: axes, epsilon: epsilon, centred: false)
  }
}
