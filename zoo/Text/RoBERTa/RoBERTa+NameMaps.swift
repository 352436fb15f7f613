import Formats

/// What transformers calls the parts of RoBERTa and its kin.
extension EncoderConfiguration {
  static let robertaNames: [NameRule] =
    [
      .drop("roberta.embeddings.position_ids"),
      .drop("roberta.embeddings.token_type_ids"),
    ]
    + formerNorms(
      "roberta.encoder.layer.{i}.attention.output", "encoder.layer.{i}.attention.output")
    + formerNorms("roberta.encoder.layer.{i}.output", "encoder.layer.{i}.output")
    + [
      .formerly("roberta.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.weight"),
      .formerly("roberta.embeddings.LayerNorm.beta", "embeddings.LayerNorm.bias"),
      .rename("roberta.embeddings.*", "embeddings.*"),
      .rename("roberta.encoder.*", "encoder.*"),
      .rename("roberta.pooler.*", "pooler.*"),
    ] + languageHead + classifierHeads

  /// The head for masked tokens of RoBERTa and MPNet.
  static let languageHead: [NameRule] = [
    .rename("lm_head.dense.*", "mlm.dense.*"),
    .rename("lm_head.layer_norm.*", "mlm.norm.*"),
    .rename("lm_head.bias", "mlm.bias"),
    .formerly("lm_head.decoder.bias", "mlm.bias"),
    .rename("lm_head.decoder.weight", "mlm.decoder.weight"),
  ]

  /// Two layers for texts, one for tokens.
  static let classifierHeads: [NameRule] = [
    .rename("classifier.dense.*", "classifier.dense.*"),
    .rename("classifier.out_proj.*", "classifier.out.*"),
    .rename("classifier.*", "tokens.*"),
    .rename("qa_outputs.*", "answers.*"),
  ]
}
