import BinaryIO
import ModelGraph
import Tensors

/// Normalises over the trailing axes: `(x - mean) / √(variance + epsilon) · scale + bias`.
///
/// - Shapes: x of any rank, scale and bias (optional) stretch to it; gives x's shape, then mean and
///   1 / standard deviation with the normalised axes of extent 1.
/// - Source: ONNX LayerNormalization-17.
public struct LayerNormalization: Operator {
  public static let name = "LayerNormalization"
  /// The first of the axes that are normalised.
  public var axis: Int
  public var epsilon: Double

  public init(axis: Int = -1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(2...3)
    let type = try inputs.floatingPoint(0)
    guard let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank) else {
      return [TensorType(type), TensorType(.float32), TensorType(.float32)]
    }
    let axis = try resolve(axis: axis, rank: x.count)
    for (index, what) in [(1, "the scale"), (2, "the bias")] where inputs.has(index) {
      try checkStretches(inputs, index, what, to: x)
    }
    let statistics = TensorType(
      type == .float64 ? .float64 : .float32, x[..<axis] + x[axis...].map { _ in 1 })
    return [TensorType(type, x), statistics, statistics]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let types = try outputTypes(for: OperatorInputs(evaluating: inputs))
    let shapes = try resultShapes(for: inputs)
    let x = try inputs.required(0)
    let rows = x.rows(along: Set((try resolve(axis: axis, rank: x.rank))..<x.rank))
      .map { standardised($0, epsilon: epsilon) }
    var values = zip(
      rows.flatMap(\.values), try inputs.required(1).broadcast(to: shapes[0]).doubles
    ).map(*)
    if let bias = inputs.optional(2) {
      values = zip(values, bias.broadcast(to: shapes[0]).doubles).map(+)
    }
    return [
      Tensor(shape: shapes[0], values).cast(to: x.dataType),
      Tensor(shape: shapes[1], rows.map(\.mean)).cast(to: types[1].dataType ?? .float32),
      Tensor(shape: shapes[2], rows.map(\.inverse)).cast(to: types[2].dataType ?? .float32),
    ]
  }
}

extension LayerNormalization: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    let x = try builder.input(0)
    let rank = try builder.shape(x).rank
    let axes = Array((try resolve(axis: axis, rank: rank))..<rank)
    return try builder.gradientsOfRows(from: axes[0], epsilon: epsilon, isCentred: true)
      ?? builder.gradientsOfNormalization(axes: axes, epsilon: epsilon, centred: true)
  }
}
