import Formats

/// What the libraries call a vision transformer's parts.
extension VisionTransformerConfiguration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    var (isGated, isDistilled) = (false, false)
    if case .gated = feedForward { isGated = true }
    if case .distilled? = head { isDistilled = true }
    return Self.nameMap(
      for: dialect, kind, heads: heads, isGated: isGated, isDistilled: isDistilled)
  }

  static func nameMap(
    for dialect: Dialect, _ kind: Kind, heads: Int = 1, isGated: Bool = false,
    isDistilled: Bool = false
  ) -> NameMap? {
    switch dialect {
    case .huggingFace: NameMap(huggingFace(kind, isDistilled: isDistilled))
    case .timm:
      NameMap(timm("reg_token", gated: isGated ? ("mlp.fc1", "mlp.fc2") : nil))
    case .meta:
      kind.isDINO
        ? NameMap(
          timm("register_tokens", gated: ("mlp.w12", "mlp.w3"))
            + [.rename("mask_token", "embeddings.mask_token")]) : nil
    case .torchvision: kind == .vit ? NameMap(torchvision) : nil
    case .google: kind == .vit ? NameMap(google(heads: heads)) : nil
    default: nil
    }
  }

  /// What transformers puts before the names of the transformer itself.
  static func prefix(_ kind: Kind) -> String {
    switch kind {
    case .vit: "vit."
    case .deit: "deit."
    case .dinov2: "dinov2."
    case .dinov2WithRegisters: "dinov2_with_registers."
    }
  }

  /// - Parameter isDistilled: whether there are two heads; then the first has another name.
  private static func huggingFace(_ kind: Kind, isDistilled: Bool) -> [NameRule] {
    let model = prefix(kind)
    let theirs = "\(model)encoder.layer.{i}"
    let ours = "encoder.layer.{i}"
    var rules = [
      rename("\(theirs).attention.attention.query", "\(ours).attention.query"),
      rename("\(theirs).attention.attention.key", "\(ours).attention.key"),
      rename("\(theirs).attention.attention.value", "\(ours).attention.value"),
      rename("\(theirs).attention.output.dense", "\(ours).attention.output"),
    ]
    if kind.isDINO {
      rules += [
        rename("\(theirs).norm1", "\(ours).norm1"), rename("\(theirs).norm2", "\(ours).norm2"),
        .rename(
          NamePattern("\(theirs).layer_scale1.lambda1"), NamePattern("\(ours).scale1")),
        .rename(
          NamePattern("\(theirs).layer_scale2.lambda1"), NamePattern("\(ours).scale2")),
        rename("\(theirs).mlp", "\(ours).mlp"),
      ]
    } else {
      rules += [
        rename("\(theirs).layernorm_before", "\(ours).norm1"),
        rename("\(theirs).layernorm_after", "\(ours).norm2"),
        rename("\(theirs).intermediate.dense", "\(ours).mlp.fc1"),
        rename("\(theirs).output.dense", "\(ours).mlp.fc2"),
      ]
    }
    return rules + [
      rename("\(model)embeddings", "embeddings"), rename("\(model)layernorm", "norm"),
      rename("\(model)pooler.dense", "pooler.dense"),
      rename("cls_classifier", "classifier", isFormer: !isDistilled),
      rename("classifier", "classifier", isFormer: isDistilled),
      rename("distillation_classifier", "distillation_classifier"),
    ]
  }

  /// timm's names, which DINOv2's authors have too but for a few.
  private static func timm(_ registers: NamePattern, gated: (String, String)?) -> [NameRule] {
    let theirs = "blocks.{i}"
    let ours = "encoder.layer.{i}"
    let gates =
      gated.map {
        [
          rename("\(theirs).\($0.0)", "\(ours).mlp.weights_in"),
          rename("\(theirs).\($0.1)", "\(ours).mlp.weights_out"),
        ]
      } ?? []
    return gates
      + ["weight", "bias"].map { leaf in
        .split(
          NamePattern("\(theirs).attn.qkv.\(leaf)"),
          ["query", "key", "value"].map { NamePattern("\(ours).attention.\($0).\(leaf)") }, axis: 0)
      } + [
        rename("\(theirs).attn.proj", "\(ours).attention.output"),
        rename("\(theirs).norm1", "\(ours).norm1"), rename("\(theirs).norm2", "\(ours).norm2"),
        .rename(NamePattern("\(theirs).ls1.gamma"), NamePattern("\(ours).scale1")),
        .rename(NamePattern("\(theirs).ls2.gamma"), NamePattern("\(ours).scale2")),
        rename("\(theirs).mlp", "\(ours).mlp"),
        .rename("cls_token", "embeddings.cls_token"),
        .rename("dist_token", "embeddings.distillation_token"),
        .rename(registers, "embeddings.register_tokens"),
        .rename("pos_embed", "embeddings.position_embeddings"),
        rename("patch_embed.proj", "embeddings.patch_embeddings.projection"),
        rename("norm_pre", "embeddings.pre_norm"),
        rename("norm", "norm"), rename("head", "classifier"),
        rename("head_dist", "distillation_classifier"),
      ]
  }

  private static var torchvision: [NameRule] {
    let theirs = "encoder.layers.encoder_layer_{i}"
    let ours = "encoder.layer.{i}"
    return ["weight", "bias"].map { leaf in
      .split(
        NamePattern("\(theirs).self_attention.in_proj_\(leaf)"),
        ["query", "key", "value"].map { NamePattern("\(ours).attention.\($0).\(leaf)") }, axis: 0)
    } + [
      rename("\(theirs).self_attention.out_proj", "\(ours).attention.output"),
      rename("\(theirs).ln_1", "\(ours).norm1"), rename("\(theirs).ln_2", "\(ours).norm2"),
      rename("\(theirs).mlp.0", "\(ours).mlp.fc1"), rename("\(theirs).mlp.3", "\(ours).mlp.fc2"),
      // Before torchvision 0.13
      rename("\(theirs).mlp.linear_1", "\(ours).mlp.fc1", isFormer: true),
      rename("\(theirs).mlp.linear_2", "\(ours).mlp.fc2", isFormer: true),
      .rename("class_token", "embeddings.cls_token"),
      .rename("encoder.pos_embedding", "embeddings.position_embeddings"),
      rename("conv_proj", "embeddings.patch_embeddings.projection"),
      rename("encoder.ln", "norm"), rename("heads.head", "classifier"),
    ]
  }

  private static func rename(_ theirs: String, _ ours: String, isFormer: Bool = false) -> NameRule {
    let (theirs, ours) = (NamePattern(theirs + ".*"), NamePattern(ours + ".*"))
    return isFormer ? .formerly(theirs, ours) : .rename(theirs, ours)
  }
}
