/// - Source: transformers' `ModernBertConfig`.
extension ModernBERTConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let names = (0..<layers).map { "layers.\($0)" }
    return [
      .values(["embeddings.norm"], "embedding_dropout", usual: 0),
      .shares(names.map { "\($0).attn" }, "attention_dropout", usual: 0),
      .values(names.map { "\($0).attn.Wo" }, "attention_dropout", usual: 0),
      .values(names.map { "\($0).mlp.gated" }, "mlp_dropout", usual: 0),
      .head("classifier_dropout", usual: 0),
    ]
  }
}
