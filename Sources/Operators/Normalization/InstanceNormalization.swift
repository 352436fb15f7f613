import BinaryIO
import ModelGraph
import Tensors

/// Normalises each channel of each sample over its spatial axes.
///
/// - Shapes: x `[N, C, …]`; scale and bias `[C]`; gives x's shape.
/// - Source: ONNX InstanceNormalization-22.
public struct InstanceNormalization: Operator {
  public static let name = "InstanceNormalization"
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) {
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    let type = try inputs.floatingPoint(0)
    let x = try inputs.dimensions(0, "the input", rank: 3...Shape.maximumRank)
    try checkPerChannel(inputs, 1, "the scale", x)
    try checkPerChannel(inputs, 2, "the bias", x)
    return [TensorType(type, x)]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let values = x.rows(along: Set(2..<x.rank)).flatMap {
      standardised($0, epsilon: epsilon).values
    }
    let normalised = Tensor(shape: shape, values).scaledPerChannel(
      try inputs.required(1).doubles, try inputs.required(2).doubles, shape)
    return [normalised.cast(to: x.dataType)]
  }
}

extension InstanceNormalization: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.gradientsOfGroups(builder.shape(builder.input(0))[1], epsilon: epsilon)
  }
}
