import Formats

/// What the libraries call the parts of BERT; ours are transformers' names without `bert.`.
extension EncoderConfiguration {
  static func bertNames(isTokens: Bool) -> [NameRule] {
    [
      .drop("bert.embeddings.position_ids"),
      .drop("bert.embeddings.token_type_ids"),
      .formerly("bert.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.weight"),
      .formerly("bert.embeddings.LayerNorm.beta", "embeddings.LayerNorm.bias"),
    ]
      + formerNorms("bert.encoder.layer.{i}.attention.output", "encoder.layer.{i}.attention.output")
      + formerNorms("bert.encoder.layer.{i}.output", "encoder.layer.{i}.output")
      + [
        .rename("bert.embeddings.*", "embeddings.*"),
        .rename("bert.encoder.*", "encoder.*"),
        .rename("bert.pooler.*", "pooler.*"),
        .formerly("cls.predictions.transform.LayerNorm.gamma", "mlm.norm.weight"),
        .formerly("cls.predictions.transform.LayerNorm.beta", "mlm.norm.bias"),
        .rename("cls.predictions.transform.dense.*", "mlm.dense.*"),
        .rename("cls.predictions.transform.LayerNorm.*", "mlm.norm.*"),
        .rename("cls.predictions.bias", "mlm.bias"),
        .formerly("cls.predictions.decoder.bias", "mlm.bias"),
        .rename("cls.predictions.decoder.weight", "mlm.decoder.weight"),
        .rename("cls.seq_relationship.*", "nsp.*"),
        .rename("classifier.*", isTokens ? "tokens.*" : "classifier.out.*"),
        .rename("qa_outputs.*", "answers.*"),
      ]
  }

  /// TensorFlow's names of a normalisation's weights, which files of 2019 still have.
  static func formerNorms(_ theirs: String, _ ours: String) -> [NameRule] {
    [("gamma", "weight"), ("beta", "bias")].map { old, new in
      .formerly(
        NamePattern("\(theirs).LayerNorm.\(old)"), NamePattern("\(ours).LayerNorm.\(new)"))
    }
  }
}
