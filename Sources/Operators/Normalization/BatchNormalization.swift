import BinaryIO
import ModelGraph
import Tensors

/// Normalises each channel by running statistics: `(x - mean) / √(variance + epsilon) · scale +
/// bias`.
///
/// - Shapes: x `[N, C, …]`; scale, bias, mean and variance `[C]`; gives x's shape.
/// - Source: ONNX BatchNormalization-15, with `training_mode` 0.
public struct BatchNormalization: Operator {
  public static let name = "BatchNormalization"
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) {
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(5...5)
    let type = try inputs.floatingPoint(0)
    let x = try inputs.dimensions(0, "the input", rank: 1...Shape.maximumRank)
    for (index, what) in [(1, "the scale"), (2, "the bias"), (3, "the mean"), (4, "the variance")] {
      try inputs.floatingPoint(index, what)
      try checkPerChannel(inputs, index, what, x)
    }
    return [TensorType(type, x)]
  }

  /// The factor and the summand of each channel that the statistics come down to.
  public func factors(
    scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
  ) -> (factor: [Double], summand: [Double]) {
    let factor = zip(scale.doubles, variance.doubles).map { $0 / ($1 + epsilon).squareRoot() }
    let shift = zip(factor, mean.doubles).map(*)
    return (factor, zip(bias.doubles, shift).map(-))
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let x = try inputs.required(0)
    let (factor, summand) = factors(
      scale: try inputs.required(1), bias: try inputs.required(2), mean: try inputs.required(3),
      variance: try inputs.required(4))
    return [x.scaledPerChannel(factor, summand, shape)]
  }
}
