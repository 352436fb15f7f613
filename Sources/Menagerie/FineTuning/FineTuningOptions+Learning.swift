import Training

extension FineTuningOptions {
  /// The part of a run's signature that says which weights learn.
  var learningSignature: [(name: String, value: String)] {
    let weights = [
      (name: "freeze", value: frozen.joined(separator: " ")),
      (name: "layer-decay", value: "\(layerDecay)"),
      (name: "unfreeze", value: unfreezing.map { "\($0)" } ?? "all"),
    ]
    guard method == LowRankMethod.name else { return weights }
    return weights + [
      (name: "rank", value: "\(lowRank.rank)"), (name: "alpha", value: "\(lowRank.alpha)"),
      (name: "lora-dropout", value: "\(adapterDropout ?? lowRank.dropout)"),
      (name: "rslora", value: "\(lowRank.isRankStabilised)"),
      (name: "dora", value: "\(lowRank.isWeightDecomposed)"),
      (name: "target-modules", value: targetModules.joined(separator: ",")),
      (name: "adapter", value: adapter ?? "none"),
    ]
  }
}
