/// - Source: transformers' models and the defaults of their configurations.
extension EncoderConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let names = (0..<layers).map { "encoder.layer.\($0)" }
    let start = "embeddings.LayerNorm"
    let attentions = names.map { "\($0).attention.self" }
    let ends = names.map { "\($0).output.dense" }
    switch kind {
    case .distilBERT:
      return [
        .values([start] + ends, "dropout", usual: 0.1),
        .shares(attentions, "attention_dropout", usual: 0.1), headRule,
      ]
    case .albert:
      return [
        .values(
          [start] + names.map { "\($0).attention.output.dense" }, "hidden_dropout_prob", usual: 0),
        .shares(attentions, "attention_probs_dropout_prob", usual: 0), headRule,
      ]
    case .bert, .roberta, .mpnet, .electra:
      let middles = names.map { "\($0).attention.output.dense" }
      return [
        // KerasHub has one rate for all
        .values([start] + middles + ends, "hidden_dropout_prob", "dropout", usual: 0.1),
        .shares(attentions, "attention_probs_dropout_prob", "dropout", usual: 0.1), headRule,
      ] + (kind.classifiesInTwoLayers ? [firstTokenRule] : [])
    }
  }

  /// What the layer of classes takes.
  private var headRule: DropoutRule {
    switch (kind, head) {
    case (.distilBERT, .text): .head("seq_classif_dropout", usual: 0.2)
    case (.distilBERT, .answers): .head("qa_dropout", usual: 0.1)
    case (.distilBERT, _): .head("dropout", usual: 0.1)
    case (.albert, .text), (.albert, .tokens): .head("classifier_dropout_prob", usual: 0.1)
    case (.mpnet, .text), (.mpnet, .tokens): .head("hidden_dropout_prob", usual: 0.1)
    case (_, .text), (_, .tokens):
      .head("classifier_dropout", "hidden_dropout_prob", "dropout", usual: 0.1)
    default: DropoutRule([], usual: 0, [])
    }
  }

  /// What the first of two layers takes that tell texts apart.
  private var firstTokenRule: DropoutRule {
    .values(["classifier.first"], "classifier_dropout", "hidden_dropout_prob", usual: 0.1)
  }
}
