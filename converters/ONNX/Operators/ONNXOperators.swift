/// Every operator of the standard that is translated, by the files of this folder.
enum ONNXOperators {
  static let all: [ONNXOperator] =
    [
      .argMax, .argMin, .attention, .averagePool, .batchNormalization, .cast, .castLike, .clip,
      .concat,
      .constantOfShape, .conv, .convTranspose, .cumSum, .depthToSpace, .dropout, .einsum, .expand,
      .flatten, .gather, .gatherElements, .gatherND, .gemm, .globalLpPool, .groupNormalization,
      .hardmax, .instanceNormalization, .isInf, .layerNormalization, .logSoftmax,
      .lpNormalization,
      .lpPool, .lrn, .matMul, .maxPool, .mod, .oneHot, .pad, .prelu, .reshape, .resize,
      .rmsNormalization, .rotaryEmbedding, .scatter, .scatterElements, .scatterND, .shape, .slice,
      .softmax,
      .spaceToDepth, .split, .squeeze, .swish, .tile, .topK, .transpose, .trilu, .unsqueeze,
      .upsample,
    ] + ONNXOperator.activations + ONNXOperator.broadcasting + ONNXOperator.functions
    + ONNXOperator.reductions

  static let byName: [String: ONNXOperator] = Dictionary(
    all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  static let byType: [ObjectIdentifier: ONNXOperator] = Dictionary(
    all.compactMap { entry in entry.type.map { ($0, entry) } },
    uniquingKeysWith: { first, _ in first })
}
