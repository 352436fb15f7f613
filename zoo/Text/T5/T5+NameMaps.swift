import Formats

/// What the libraries call a T5's parts; ours are transformers' names.
extension T5Configuration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    if dialect.isKerasHub {
      return Self.kerasHubTable(encoderLayers: encoderLayers, isGated: isGated).map(for: dialect)
    }
    return Self.nameMap(for: dialect, isTied: isTied, isGated: isGated)
  }

  static func nameMap(for dialect: Dialect, isTied: Bool, isGated: Bool) -> NameMap? {
    switch dialect {
    case .huggingFace:
      var rules: [NameRule] = [
        // All are one; an encoder alone may have it under its own name
        .formerly("encoder.embed_tokens.weight", "shared.weight"),
        .drop("decoder.embed_tokens.weight"),
        // The first files of T5 have a bias that nothing uses
        .drop("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
      ]
      if isTied { rules.append(.drop("lm_head.weight")) }
      return NameMap(rules + [.rename("*", "*")])
    case .gguf: return NameMap(gguf(isTied: isTied, isGated: isGated))
    default: return nil
    }
  }

  /// llama.cpp's.
  private static func gguf(isTied: Bool, isGated: Bool) -> [NameRule] {
    func rename(_ theirs: String, _ ours: String) -> NameRule {
      .rename(NamePattern(theirs), NamePattern(ours))
    }
    var rules = [
      rename("token_embd.weight", "shared.weight"),
      isTied ? .drop("output.weight") : rename("output.weight", "lm_head.weight"),
    ]
    for (short, stack, last) in [("enc", "encoder", 1), ("dec", "decoder", 2)] {
      let (theirs, ours) = ("\(short).blk.{i}", "\(stack).block.{i}.layer")
      rules += [
        rename("\(short).output_norm.weight", "\(stack).final_layer_norm.weight"),
        rename(
          "\(theirs).attn_rel_b.weight",
          "\(ours).0.SelfAttention.relative_attention_bias.weight"),
        rename("\(theirs).attn_norm.weight", "\(ours).0.layer_norm.weight"),
        rename("\(theirs).ffn_norm.weight", "\(ours).\(last).layer_norm.weight"),
        rename("\(theirs).ffn_down.weight", "\(ours).\(last).DenseReluDense.wo.weight"),
      ]
      rules += ["q", "k", "v", "o"].map {
        rename("\(theirs).attn_\($0).weight", "\(ours).0.SelfAttention.\($0).weight")
      }
      if last == 2 {
        rules += ["q", "k", "v", "o"].map {
          rename("\(theirs).cross_attn_\($0).weight", "\(ours).1.EncDecAttention.\($0).weight")
        }
        rules += [
          rename("\(theirs).cross_attn_norm.weight", "\(ours).1.layer_norm.weight"),
          .drop("dec.blk.{i}.cross_attn_rel_b.weight"),
        ]
      }
      let inner = "\(ours).\(last).DenseReluDense"
      rules +=
        isGated
        ? [
          rename("\(theirs).ffn_gate.weight", "\(inner).wi_0.weight"),
          rename("\(theirs).ffn_up.weight", "\(inner).wi_1.weight"),
        ] : [rename("\(theirs).ffn_up.weight", "\(inner).wi.weight")]
    }
    return rules
  }
}
