extension Lowering {
  /// One line an operator; what has no line here is evaluated as the operator itself does.
  static let all: [Lowering] = [
    .convolution,
    .maxPool, .averagePool, .globalAveragePool, .globalMaxPool,
    .gemm, .matMul,
    .batchNormalization,
    .add, .subtract, .multiply, .divide, .maximum, .minimum, .sum,
    .relu, .clip,
    .transpose, .identity, .dropout, .reshape, .flatten, .squeeze, .unsqueeze,
    .pad, .concat, .split, .slice,
  ]
}
