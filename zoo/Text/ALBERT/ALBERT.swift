import Formats

/// ALBERT: layers that share their weights, on narrow embeddings.
public struct ALBERT: EncoderFamily {
  public static let kind = EncoderConfiguration.Kind.albert
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace,
        anchor: "encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight",
        basePrefix: "albert."),
      DialectSigns(.kerasHub, anchor: "group_0_inner_layer_0.self_attention_layer.query.kernel"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.transformer_encoder._self_attention_layer.query_dense.vars.0"),
    ]
  }
}

extension EncoderConfiguration {
  static func albertNames(isTokens: Bool) -> [NameRule] {
    let layer = "albert.encoder.albert_layer_groups.{i}.albert_layers.0"
    let ours = "encoder.layer.{i}"
    let parts = [
      ("attention.query", "attention.self.query"), ("attention.key", "attention.self.key"),
      ("attention.value", "attention.self.value"), ("attention.dense", "attention.output.dense"),
      ("attention.LayerNorm", "attention.output.LayerNorm"), ("ffn", "intermediate.dense"),
      ("ffn_output", "output.dense"), ("full_layer_layer_norm", "output.LayerNorm"),
    ]
    return [
      .drop("albert.embeddings.position_ids"),
      .rename("albert.embeddings.*", "embeddings.*"),
      .rename("albert.encoder.embedding_hidden_mapping_in.*", "embeddings_project.*"),
    ]
      + parts.map {
        .rename(NamePattern("\(layer).\($0.0).*"), NamePattern("\(ours).\($0.1).*"))
      }
      + [
        .rename("albert.pooler.*", "pooler.dense.*"),
        .rename("predictions.dense.*", "mlm.dense.*"),
        .rename("predictions.LayerNorm.*", "mlm.norm.*"),
        .rename("predictions.bias", "mlm.bias"),
        .formerly("predictions.decoder.bias", "mlm.bias"),
        .rename("predictions.decoder.weight", "mlm.decoder.weight"),
        .rename("sop_classifier.classifier.*", "nsp.*"),
        .rename("classifier.*", isTokens ? "tokens.*" : "classifier.out.*"),
        .rename("qa_outputs.*", "answers.*"),
      ]
  }
}
