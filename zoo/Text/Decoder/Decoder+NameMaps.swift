import Formats

/// What the libraries call a decoder's parts; ours are transformers' names.
extension DecoderConfiguration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    switch dialect {
    case .huggingFace: NameMap(Self.common(isTied: isTied) + [.rename("*", "*")])
    default: nil
    }
  }

  /// What no file of ours has: angles that old files store, and a head that is the embedding.
  private static func common(isTied: Bool) -> [NameRule] {
    let angles: [NameRule] = [
      .drop("model.layers.{i}.self_attn.rotary_emb.inv_freq"), .drop("model.rotary_emb.inv_freq"),
    ]
    return isTied ? angles + [.drop("lm_head.weight")] : angles
  }
}
