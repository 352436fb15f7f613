import Formats
import JSON

/// ELECTRA: BERT's layers on embeddings of a width of their own; a generator and a discriminator.
public struct ELECTRA: EncoderFamily {
  public static let kind = EncoderConfiguration.Kind.electra
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace, anchor: "encoder.layer.0.attention.self.query.weight",
        basePrefix: "electra."),
      DialectSigns(.kerasHub, anchor: "transformer_layer_0.self_attention_layer.query.kernel"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.transformer_encoder._self_attention_layer.query_dense.vars.0"),
    ]
  }

  /// Without the model's prefix BERT's names are the same; a projection of the embeddings is ELECTRA's alone.
  public static func takes(_ configuration: EncoderConfiguration, config: JSONValue?) -> Bool {
    !configuration.hasPooler && configuration.types != 1
      && (config?["model_type"] != nil || configuration.head != nil
        || configuration.embedding != configuration.hidden)
  }
}

extension EncoderConfiguration {
  static let electraNames: [NameRule] =
    [
      .drop("electra.embeddings.position_ids"),
      NameRule.drop("pooler.*").inverted,
      .rename("electra.embeddings.*", "embeddings.*"),
      .rename("electra.embeddings_project.*", "embeddings_project.*"),
      .rename("electra.encoder.*", "encoder.*"),
      .rename("generator_predictions.dense.*", "mlm.dense.*"),
      .rename("generator_predictions.LayerNorm.*", "mlm.norm.*"),
      .rename("generator_lm_head.weight", "mlm.decoder.weight"),
      .rename("generator_lm_head.bias", "mlm.bias"),
      .rename("discriminator_predictions.dense.*", "discriminator.dense.*"),
      .rename("discriminator_predictions.dense_prediction.*", "discriminator.out.*"),
    ] + classifierHeads
}
