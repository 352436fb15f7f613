/// - Source: transformers' `T5Config`: one rate, after embeddings, in attention and feed-forward, and behind the last norm.
extension T5Configuration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let encoder = (0..<encoderLayers).map { "encoder.block.\($0).layer" }
    let decoder = (0..<decoderLayers).map { "decoder.block.\($0).layer" }
    let attentions =
      (encoder + decoder).map { "\($0).0.SelfAttention" }
      + decoder.map { "\($0).1.EncDecAttention" }
    let dense = encoder.map { "\($0).1" } + decoder.map { "\($0).2" }
    let inner = dense.map { "\($0).DenseReluDense.\(isGated ? "product" : "act")" }
    let ends = dense.map { "\($0).DenseReluDense.wo" } + attentions.map { "\($0).o" }
    let doors = [
      "shared", "decoder.embed_tokens", "encoder.final_layer_norm", "encoder_last_hidden_state",
      "decoder.final_layer_norm",
    ]
    return [
      .values(doors + inner + ends, "dropout_rate", "dropout", usual: 0.1),
      .shares(attentions, "dropout_rate", "dropout", usual: 0.1),
    ]
  }
}

extension T5EncoderConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] { whole.dropouts(in: dialect) }
}
