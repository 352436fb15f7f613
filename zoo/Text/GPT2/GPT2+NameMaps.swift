import Formats

/// What the libraries call a GPT-2's parts; ours are transformers' names with PyTorch's axes: transformers' `Conv1D` is
/// `[in, out]`.
extension GPT2Configuration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    guard dialect == .huggingFace || DecoderHead.isCommon(head) else { return nil }
    if dialect.isKerasHub {
      let sizes = HeadSizes(heads: heads, size: hiddenSize / max(heads, 1), hidden: hiddenSize)
      return Self.kerasHubTable(sizes).map(for: dialect)
    }
    return Self.nameMap(for: dialect, isTied: isTied)
  }

  static func nameMap(for dialect: Dialect, isTied: Bool) -> NameMap? {
    switch dialect {
    case .huggingFace: NameMap(huggingFace(isTied: isTied))
    case .gguf: NameMap(gguf(isTied: isTied))
    default: nil
    }
  }

  private static func huggingFace(isTied: Bool) -> [NameRule] {
    // Masks that old files store
    var rules: [NameRule] = [
      .drop("transformer.h.{i}.attn.bias"), .drop("transformer.h.{i}.attn.masked_bias"),
    ]
    for layer in ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"] {
      let name = NamePattern("transformer.h.{i}.\(layer).weight")
      rules.append(.rename(name, name, .permute([1, 0])))
    }
    if isTied { rules.append(.drop("lm_head.weight")) }
    return rules + [.rename("*", "*")]
  }

  /// llama.cpp's, `[out, in]`.
  private static func gguf(isTied: Bool) -> [NameRule] {
    [
      .rename("token_embd.weight", "transformer.wte.weight"),
      .rename("position_embd.weight", "transformer.wpe.weight"),
      .rename("output_norm.*", "transformer.ln_f.*"),
      isTied ? .drop("output.weight") : .rename("output.weight", "lm_head.weight"),
      .rename("blk.{i}.attn_qkv.*", "transformer.h.{i}.attn.c_attn.*"),
      .rename("blk.{i}.attn_output.*", "transformer.h.{i}.attn.c_proj.*"),
      .rename("blk.{i}.attn_norm.*", "transformer.h.{i}.ln_1.*"),
      .rename("blk.{i}.ffn_norm.*", "transformer.h.{i}.ln_2.*"),
      .rename("blk.{i}.ffn_up.*", "transformer.h.{i}.mlp.c_fc.*"),
      .rename("blk.{i}.ffn_down.*", "transformer.h.{i}.mlp.c_proj.*"),
    ]
  }
}
