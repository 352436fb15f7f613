extension Lowering {
  /// One line an operator; what has no line here is evaluated as the operator itself does.
  static let all: [Lowering] =
    unary + reductions + views + gradients + [
      .convolution, .transposedConvolution,
      .maxPool, .averagePool,
      .gemm, .matMul, .linear,
      .attention, .cachedAttention, .rotaryEmbedding, .gather,
      .batchNormalization, .layerNormalization, .rmsNormalization, .localResponseNormalization,
      .softmax, .logSoftmax, .resize,
      .add, .subtract, .multiply, .divide, .power, .maximum, .minimum, .sum,
      .clip,
      .pad, .concat, .split, .slice, .expand,
    ]

  /// What only graphs that learn have.
  private static let gradients: [Lowering] =
    rowGradients + [
      .convolutionWeightGradient, .poolGradient, .attentionGradient, .gatherGradient,
      .batchNormalizationInTraining, .batchNormalizationGradient,
      .tokenCrossEntropy, .tokenCrossEntropyGradient, .dropoutInTraining, .attentionInTraining,
    ]
}
