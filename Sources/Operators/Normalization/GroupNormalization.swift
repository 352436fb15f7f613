import BinaryIO
import ModelGraph
import Tensors

/// Normalises groups of channels of each sample together.
///
/// - Shapes: x `[N, C, …]`; scale and bias `[C]`; gives x's shape.
/// - Source: ONNX GroupNormalization-21.
public struct GroupNormalization: Operator {
  public static let name = "GroupNormalization"
  public var groups: Int
  public var epsilon: Double

  public init(groups: Int, epsilon: Double = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    let type = try inputs.floatingPoint(0)
    let x = try inputs.dimensions(0, "the input", rank: 2...Shape.maximumRank)
    try checkPerChannel(inputs, 1, "the scale", x)
    try checkPerChannel(inputs, 2, "the bias", x)
    guard groups >= 1, (x?[1].value ?? 0) % groups == 0 else {
      throw DataError(.mismatch, "\(groups) groups of \(x?[1].description ?? "?") channels")
    }
    return [TensorType(type, x)]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    guard x.elementCount > 0 else { return [x] }
    let grouped = x.reshaped([x.shape[0] * groups, x.elementCount / (x.shape[0] * groups)])
    let values = grouped.rows(along: [1]).flatMap { standardised($0, epsilon: epsilon).values }
    let normalised = Tensor(shape: shape, values).scaledPerChannel(
      try inputs.required(1).doubles, try inputs.required(2).doubles, shape)
    return [normalised.cast(to: x.dataType)]
  }
}

extension GroupNormalization: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.gradientsOfGroups(groups, epsilon: epsilon)
  }
}
