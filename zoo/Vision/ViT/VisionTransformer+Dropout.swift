/// - Source: transformers' `ViTConfig`, `DeiTConfig` and `Dinov2Config`, whose rates are all 0, as timm's are.
extension VisionTransformerConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let names = (0..<layers).map { "encoder.layer.\($0)" }
    let end = if case .plain = feedForward { "fc2" } else { "weights_out" }
    // Scaled, where a layer is; half of a layer each
    let branches =
      hasLayerScale
      ? names.flatMap { ["\($0).scale1.mul", "\($0).scale2.mul"] }
      : names.flatMap { ["\($0).attention.output", "\($0).mlp.\(end)"] }
    let start = placesLeadingTokens ? "add" : "all"
    return [
      .values(
        ["embeddings.\(registers > 0 && placesLeadingTokens ? "registered" : start)"]
          + names.map { "\($0).attention.output" }
          + (kind.isDINO ? [] : names.map { "\($0).mlp.\(end)" }),
        "hidden_dropout_prob", usual: 0),
      .shares(names.map { "\($0).attention" }, "attention_probs_dropout_prob", usual: 0),
      .path(branches, "drop_path_rate"),
    ]
  }
}
