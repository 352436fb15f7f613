import Formats

/// DistilBERT: half of BERT's layers, without token types and pooler.
public struct DistilBERT: EncoderFamily {
  public static let kind = EncoderConfiguration.Kind.distilBERT
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace, anchor: "transformer.layer.0.attention.q_lin.weight",
        basePrefix: "distilbert."),
      DialectSigns(.gguf, anchor: "blk.0.attn_output_norm.weight"),
      DialectSigns(.kerasHub, anchor: "transformer_layer_0.self_attention_layer.query.kernel"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.transformer_encoder._self_attention_layer.query_dense.vars.0"),
    ]
  }
}

extension EncoderConfiguration {
  static func distilBERTNames(isTokens: Bool) -> [NameRule] {
    let layer = "distilbert.transformer.layer.{i}"
    let ours = "encoder.layer.{i}"
    let parts = [
      ("attention.q_lin", "attention.self.query"), ("attention.k_lin", "attention.self.key"),
      ("attention.v_lin", "attention.self.value"), ("attention.out_lin", "attention.output.dense"),
      ("sa_layer_norm", "attention.output.LayerNorm"), ("ffn.lin1", "intermediate.dense"),
      ("ffn.lin2", "output.dense"), ("output_layer_norm", "output.LayerNorm"),
    ]
    return [
      .drop("distilbert.embeddings.position_ids"),
      .rename("distilbert.embeddings.*", "embeddings.*"),
    ]
      + parts.map {
        .rename(NamePattern("\(layer).\($0.0).*"), NamePattern("\(ours).\($0.1).*"))
      }
      + [
        .rename("vocab_transform.*", "mlm.dense.*"),
        .rename("vocab_layer_norm.*", "mlm.norm.*"),
        .rename("vocab_projector.weight", "mlm.decoder.weight"),
        .rename("vocab_projector.bias", "mlm.bias"),
        .rename("pre_classifier.*", "classifier.dense.*"),
        .rename("classifier.*", isTokens ? "tokens.*" : "classifier.out.*"),
        .rename("qa_outputs.*", "answers.*"),
      ]
  }
}
