import Formats

/// What the libraries call a decoder's parts; ours are transformers' names.
extension DecoderConfiguration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    guard dialect == .huggingFace || DecoderHead.isCommon(head) else { return nil }
    if dialect.isKerasHub {
      let sizes = HeadSizes(
        heads: queryHeads, keyValueHeads: keyValueHeads, size: headDimension, hidden: hiddenSize)
      return Self.kerasHubTable(kind, sizes).map(for: dialect)
    }
    return Self.nameMap(
      for: dialect, kind, queryHeads: queryHeads, keyValueHeads: keyValueHeads, isTied: isTied,
      base: head == .answers ? kind.baseOfAnswers : "model")
  }

  static func nameMap(
    for dialect: Dialect, _ kind: Kind, queryHeads: Int, keyValueHeads: Int, isTied: Bool,
    base: String = "model"
  ) -> NameMap? {
    switch dialect {
    case .huggingFace:
      // Angles that old files store
      var rules: [NameRule] = ["layers.{i}.self_attn.rotary_emb", "rotary_emb"].map {
        .drop(NamePattern("\(base).\($0).inv_freq"))
      }
      if isTied { rules.append(.drop("lm_head.weight")) }
      if base != "model" { rules.append(.rename(NamePattern("\(base).*"), "model.*")) }
      return NameMap(rules + [.rename("*", "*")])
    case .gguf:
      return NameMap(
        gguf(kind, queryHeads: queryHeads, keyValueHeads: keyValueHeads, isTied: isTied))
    case .meta where kind == .llama || kind == .mistral:
      return NameMap(
        meta(queryHeads: queryHeads, keyValueHeads: keyValueHeads, isTied: isTied))
    default: return nil
    }
  }

  /// llama.cpp's, as its converter writes them: Llama's heads turn neighbouring pairs, and Gemma's norms have the 1 added.
  private static func gguf(
    _ kind: Kind, queryHeads: Int, keyValueHeads: Int, isTied: Bool
  ) -> [NameRule] {
    func norm(_ theirs: String, _ ours: String) -> NameRule {
      let (theirs, ours) = (NamePattern("\(theirs).weight"), NamePattern("\(ours).weight"))
      return kind.isGemma ? .rename(theirs, ours, .plus(-1)) : .rename(theirs, ours)
    }
    let layer = "model.layers.{i}"
    var rules: [NameRule] = [
      .rename("token_embd.weight", "model.embed_tokens.weight"),
      .drop("rope_freqs.weight"), .drop("blk.{i}.attn_rot_embd.weight"),
      isTied ? .drop("output.weight") : .rename("output.weight", "lm_head.weight"),
      norm("output_norm", "model.norm"),
      norm("blk.{i}.attn_norm", "\(layer).input_layernorm"),
      norm("blk.{i}.attn_q_norm", "\(layer).self_attn.q_norm"),
      norm("blk.{i}.attn_k_norm", "\(layer).self_attn.k_norm"),
    ]
    if kind.hasOutputNorms {
      rules += [
        norm("blk.{i}.post_attention_norm", "\(layer).post_attention_layernorm"),
        norm("blk.{i}.ffn_norm", "\(layer).pre_feedforward_layernorm"),
        norm("blk.{i}.post_ffw_norm", "\(layer).post_feedforward_layernorm"),
      ]
    } else {
      rules.append(norm("blk.{i}.ffn_norm", "\(layer).post_attention_layernorm"))
    }
    let turnsPairs = kind == .llama || kind == .mistral
    for (part, heads) in [("q", queryHeads), ("k", keyValueHeads)] {
      let theirs = NamePattern("blk.{i}.attn_\(part).*")
      let ours = NamePattern("\(layer).self_attn.\(part)_proj.*")
      rules.append(
        turnsPairs
          ? .rename(theirs, ours, .rotaryHalves(heads: heads)) : .rename(theirs, ours))
    }
    rules += [
      .rename("blk.{i}.attn_v.*", "model.layers.{i}.self_attn.v_proj.*"),
      .rename("blk.{i}.attn_output.*", "model.layers.{i}.self_attn.o_proj.*"),
    ]
    return rules
      + ["gate", "up", "down"].map {
        .rename(
          NamePattern("blk.{i}.ffn_\($0).*"), NamePattern("\(layer).mlp.\($0)_proj.*"))
      }
  }

  /// Meta's: heads turn neighbouring pairs.
  private static func meta(queryHeads: Int, keyValueHeads: Int, isTied: Bool) -> [NameRule] {
    // Its program has no tied head: the same weights are there twice
    let embedding = ["tok_embeddings.weight", "output.weight"] as [NamePattern]
    let rules: [NameRule] =
      isTied
      ? [.tie("model.embed_tokens.weight", embedding).inverted]
      : [
        .rename(embedding[0], "model.embed_tokens.weight"),
        .rename(embedding[1], "lm_head.weight"),
      ]
    return rules + [
      .drop("rope.freqs"),
      .rename("norm.weight", "model.norm.weight"),
      .rename("layers.{i}.attention_norm.*", "model.layers.{i}.input_layernorm.*"),
      .rename("layers.{i}.ffn_norm.*", "model.layers.{i}.post_attention_layernorm.*"),
      .rename(
        "layers.{i}.attention.wq.*", "model.layers.{i}.self_attn.q_proj.*",
        .rotaryHalves(heads: queryHeads)),
      .rename(
        "layers.{i}.attention.wk.*", "model.layers.{i}.self_attn.k_proj.*",
        .rotaryHalves(heads: keyValueHeads)),
      .rename("layers.{i}.attention.wv.*", "model.layers.{i}.self_attn.v_proj.*"),
      .rename("layers.{i}.attention.wo.*", "model.layers.{i}.self_attn.o_proj.*"),
      .rename("layers.{i}.feed_forward.w1.*", "model.layers.{i}.mlp.gate_proj.*"),
      .rename("layers.{i}.feed_forward.w2.*", "model.layers.{i}.mlp.down_proj.*"),
      .rename("layers.{i}.feed_forward.w3.*", "model.layers.{i}.mlp.up_proj.*"),
    ]
  }
}
