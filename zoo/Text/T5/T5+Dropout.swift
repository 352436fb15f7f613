/// - Source: transformers' `T5Config`: one rate, after embeddings, in attention and feed-forward, and behind the last norms.
extension T5Configuration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    dropouts(
      decoderLayers: decoderLayers,
      ends: [
        "shared", "decoder.embed_tokens", "encoder_last_hidden_state", "decoder.final_layer_norm",
      ])
  }

  /// - Parameter ends: values where an encoder or a decoder begins and ends.
  fileprivate func dropouts(decoderLayers: Int, ends: [String]) -> [DropoutRule] {
    let encoder = (0..<encoderLayers).map { "encoder.block.\($0).layer" }
    let decoder = (0..<decoderLayers).map { "decoder.block.\($0).layer" }
    let attentions =
      (encoder + decoder).map { "\($0).0.SelfAttention" }
      + decoder.map { "\($0).1.EncDecAttention" }
    let dense = encoder.map { "\($0).1" } + decoder.map { "\($0).2" }
    let inner = dense.map { "\($0).DenseReluDense.\(isGated ? "product" : "act")" }
    let results = dense.map { "\($0).DenseReluDense.wo" } + attentions.map { "\($0).o" }
    return [
      .values(ends + inner + results, "dropout_rate", "dropout", usual: 0.1),
      .shares(attentions, "dropout_rate", "dropout", usual: 0.1),
    ]
  }
}

extension T5EncoderConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    whole.dropouts(decoderLayers: 0, ends: ["shared", "last_hidden_state"])
  }
}
