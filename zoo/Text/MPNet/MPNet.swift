import Formats

/// MPNet: RoBERTa's positions, and a bias of relative positions besides.
public struct MPNet: EncoderFamily {
  public static let kind = EncoderConfiguration.Kind.mpnet
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace, anchor: "encoder.layer.0.attention.attn.q.weight", basePrefix: "mpnet.")
    ]
  }
}

extension EncoderConfiguration {
  static let mpnetNames: [NameRule] = {
    let layer = "mpnet.encoder.layer.{i}"
    let ours = "encoder.layer.{i}"
    let parts = [
      ("attention.attn.q", "attention.self.query"), ("attention.attn.k", "attention.self.key"),
      ("attention.attn.v", "attention.self.value"),
      ("attention.attn.o", "attention.output.dense"),
      ("attention.LayerNorm", "attention.output.LayerNorm"),
      ("intermediate.dense", "intermediate.dense"), ("output.dense", "output.dense"),
      ("output.LayerNorm", "output.LayerNorm"),
    ]
    return [
      .drop("mpnet.embeddings.position_ids"),
      .rename("mpnet.embeddings.*", "embeddings.*"),
    ]
      + parts.map {
        .rename(NamePattern("\(layer).\($0.0).*"), NamePattern("\(ours).\($0.1).*"))
      }
      + [
        .rename("mpnet.encoder.relative_attention_bias.*", "encoder.relative_attention_bias.*"),
        .rename("mpnet.pooler.*", "pooler.*"),
      ] + languageHead + classifierHeads
  }()
}
