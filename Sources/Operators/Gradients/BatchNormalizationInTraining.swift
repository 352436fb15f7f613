import BinaryIO
import ModelGraph
import Tensors

/// Normalises each channel by the batch's own statistics: `(x - mean) / √(variance + epsilon) · scale + bias`.
///
/// - Shapes: x `[N, C, …]`, scale and bias `[C]`; gives x's shape, then the batch's mean and variance `[C]`.
/// - Types: the variance is that of the batch, divided by its count.
/// - Source: Batch Normalization, Ioffe and Szegedy 2015, algorithm 1. ONNX BatchNormalization-15 with `training_mode` 1,
///   but that its outputs are the running statistics.
public struct BatchNormalizationInTraining: Operator {
  public static let name = "BatchNormalizationInTraining"
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) {
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...3)
    let type = try inputs.floatingPoint(0)
    try inputs.sameType(0...2)
    let x = try inputs.dimensions(0, "the input", rank: 2...Shape.maximumRank)
    for (index, what) in [(1, "the scale"), (2, "the bias")] {
      try checkPerChannel(inputs, index, what, x)
    }
    let channels = x.map { [$0[1]] }
    return [TensorType(type, x), TensorType(type, channels), TensorType(type, channels)]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shapes = try resultShapes(for: inputs)
    let x = try inputs.required(0)
    let rows = x.rows(along: Set((0..<x.rank).filter { $0 != 1 }))
    let means = rows.map { $0.reduce(0, +) / Double(max($0.count, 1)) }
    let variances = zip(rows, means).map { row, mean in
      row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(row.count, 1))
    }
    let factor = zip(try inputs.required(1).doubles, variances).map {
      $0 / ($1 + epsilon).squareRoot()
    }
    let summand = zip(try inputs.required(2).doubles, zip(factor, means)).map {
      $0 - $1.0 * $1.1
    }
    return [
      x.scaledPerChannel(factor, summand, shapes[0]),
      Tensor(shape: shapes[1], means).cast(to: x.dataType),
      Tensor(shape: shapes[2], variances).cast(to: x.dataType),
    ]
  }
}

extension BatchNormalizationInTraining: Differentiable {
  /// The statistics move with the input.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    try builder.onlyFirstOutput()
    return try builder.add(
      BatchNormalizationGradient(epsilon: epsilon),
      [
        builder.flow(0), builder.input(0), builder.input(1), builder.output(1), builder.output(2),
      ], outputs: 3)
  }
}

/// How the loss moves with what `BatchNormalizationInTraining` took.
///
/// `dx = scale / σ · (flow - mean(flow) - x̂ · mean(flow · x̂))`, x̂ being what is normalised.
/// - Shapes: the gradient of the result, x, scale, mean and variance as there; gives those of x, scale and bias.
public struct BatchNormalizationGradient: Operator {
  public static let name = "BatchNormalizationGradient"
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) {
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(5...5)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0...4)
    let x = try inputs.dimensions(1, "the input", rank: 2...Shape.maximumRank)
    try inputs.checkGradient(0, of: x, "the input")
    for (index, what) in [(2, "the scale"), (3, "the mean"), (4, "the variance")] {
      try checkPerChannel(inputs, index, what, x)
    }
    let channels = x.map { [$0[1]] }
    return [TensorType(type, x), TensorType(type, channels), TensorType(type, channels)]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shapes = try resultShapes(for: inputs)
    let (flow, x) = (try inputs.required(0), try inputs.required(1))
    let scale = try inputs.required(2).doubles
    let (mean, variance) = (try inputs.required(3).doubles, try inputs.required(4).doubles)
    let (flows, xs) = (flow.doubles, x.doubles)
    let (channels, plane) = (x.shape[1], x.shape.dropFirst(2).reduce(1, *))
    let count = Double(max(xs.count / max(channels, 1), 1))
    let inverse = variance.map { 1 / ($0 + epsilon).squareRoot() }
    var (byScale, byBias) = (
      [Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)
    )
    for index in xs.indices {
      let c = index / plane % channels
      byScale[c] += flows[index] * (xs[index] - mean[c]) * inverse[c]
      byBias[c] += flows[index]
    }
    let result = xs.indices.map { index in
      let c = index / plane % channels
      let normal = (xs[index] - mean[c]) * inverse[c]
      return scale[c] * inverse[c] * (flows[index] - (byBias[c] + normal * byScale[c]) / count)
    }
    return zip(shapes, [result, byScale, byBias]).map {
      Tensor(shape: $0, $1).cast(to: x.dataType)
    }
  }
}
