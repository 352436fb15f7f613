import Formats

/// What the libraries call CLIP's parts; ours are transformers' names.
extension CLIPConfiguration {
  public func nameMap(for dialect: Dialect) -> NameMap? { Self.nameMap(for: dialect) }

  static func nameMap(for dialect: Dialect) -> NameMap? {
    switch dialect {
    case .huggingFace:
      NameMap([
        .drop("text_model.embeddings.position_ids"), .drop("vision_model.embeddings.position_ids"),
        .rename("*", "*"),
      ])
    case .openAI: NameMap(openAI)
    default: nil
    }
  }

  /// OpenAI's own names, which open_clip has too: fused projections, and matrices that stand on the right.
  private static var openAI: [NameRule] {
    [
      .rename("logit_scale", "logit_scale"),
      .rename("text_projection", "text_projection.weight", .permute([1, 0])),
      .rename("visual.proj", "visual_projection.weight", .permute([1, 0])),
      .rename(
        "positional_embedding", "text_model.embeddings.position_embedding.weight"),
      .rename("token_embedding.weight", "text_model.embeddings.token_embedding.weight"),
      .rename("ln_final.*", "text_model.final_layer_norm.*"),
      .rename("visual.class_embedding", "vision_model.embeddings.class_embedding"),
      .rename(
        "visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
      .rename("visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"),
      .rename("visual.ln_pre.*", "vision_model.pre_layrnorm.*"),
      .rename("visual.ln_post.*", "vision_model.post_layernorm.*"),
      // What OpenAI's archives hold beside the weights
      .drop("input_resolution"), .drop("context_length"), .drop("vocab_size"),
    ] + blocks("transformer", "text_model") + blocks("visual.transformer", "vision_model")
  }

  private static func blocks(_ theirs: String, _ ours: String) -> [NameRule] {
    let theirs = "\(theirs).resblocks.{i}"
    let ours = "\(ours).encoder.layers.{i}"
    return ["weight", "bias"].map { leaf in
      .split(
        NamePattern("\(theirs).attn.in_proj_\(leaf)"),
        ["q_proj", "k_proj", "v_proj"].map { NamePattern("\(ours).self_attn.\($0).\(leaf)") },
        axis: 0)
    }
      + [
        ("attn.out_proj", "self_attn.out_proj"), ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"),
        ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2"),
      ].map { .rename(NamePattern("\(theirs).\($0.0).*"), NamePattern("\(ours).\($0.1).*")) }
  }
}
