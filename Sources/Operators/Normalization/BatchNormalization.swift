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
  /// How the statistics follow batches, where the model learns.
  public var statistics: RunningStatistics

  public init(epsilon: Double = 1e-5, statistics: RunningStatistics = .pyTorch) {
    self.epsilon = epsilon
    self.statistics = statistics
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

extension BatchNormalization: Differentiable {
  /// With running statistics, which stay as they are.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    guard !builder.wants(3), !builder.wants(4) else {
      throw DataError(.unsupported, "running statistics that learn by gradients")
    }
    let (flow, x) = (try builder.flow(0), try builder.input(0))
    let rank = try builder.shape(x).rank
    func column(_ index: Int) throws -> ValueID {
      let id = try builder.input(index)
      let extents = (0..<max(rank, 2)).map { $0 == 1 ? -1 : 1 }
      return try builder.add(Reshape(), [id, builder.integers(rank < 2 ? [-1] : extents)])
    }
    let deviation = try builder.add(Sqrt(), [builder.sum(column(4), epsilon)])
    let axes = (0..<rank).filter { $0 != 1 || rank < 2 }
    var gradients: [ValueID?] = [nil, nil, nil, nil, nil]
    if builder.wants(0) {
      gradients[0] = try builder.multiply(flow, builder.divide(column(1), deviation))
    }
    if builder.wants(1) {
      let normal = try builder.divide(builder.difference(x, column(3)), deviation)
      gradients[1] = try builder.reshaped(
        builder.summed(builder.multiply(flow, normal), over: axes),
        builder.shape(builder.input(1)))
    }
    if builder.wants(2) {
      gradients[2] = try builder.reshaped(
        builder.summed(flow, over: axes), builder.shape(builder.input(2)))
    }
    return gradients
  }
}
