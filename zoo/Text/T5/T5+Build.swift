import BinaryIO
import ModelGraph
import Operators
import Tensors

extension T5Configuration {
  /// `input_ids`, `attention_mask` and `decoder_input_ids` to `logits` and `encoder_last_hidden_state`.
  public func build() throws -> ModelDefinition {
    try check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let mask = graph.attentionMask(graph.tokens("attention_mask"))
    let written = graph.tokens("decoder_input_ids", sequence: "decoder_sequence")
    let encoded = try encoder(&graph, ids, mask)
    var x = try decoder(&graph, written, encoded, mask)
    if scalesOutput {
      let factor = graph.scalar("output_scale", Float(1 / Double(hiddenSize).squareRoot()))
      x = graph.graph.add(Mul(), [x, factor], name: "decoder.scaled")
    }
    let logits: ValueID
    if isTied {
      let table = try graph.parameter("shared.weight", [vocabulary, hiddenSize])
      logits = graph.graph.add(Linear(), [x, table], name: "lm_head", output: "logits")
    } else {
      logits = try graph.projection(
        x, "lm_head", from: hiddenSize, to: vocabulary, output: "logits")
    }
    var definition = try graph.finished(logits, encoded)
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    definition.vocabularies["input_ids"] = vocabulary
    definition.vocabularies["decoder_input_ids"] = vocabulary
    return definition
  }

  /// Sizes may come from a file: products of them must not overflow.
  private func check() throws {
    let sizes = [
      vocabulary, hiddenSize, intermediateSize, encoderLayers, decoderLayers, heads,
      headDimension, buckets, farthest,
    ]
    guard sizes.allSatisfy({ (1...(1 << 28)).contains($0) }), farthest <= 1 << 16,
      buckets >= 4, farthest > buckets / 2, encoderLayers <= 4096, decoderLayers <= 4096
    else {
      throw DataError(.limitExceeded, "a T5 of the sizes \(sizes)")
    }
  }
}

extension T5Configuration {
  private func encoder(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ mask: ValueID
  ) throws -> ValueID {
    var (x, _) = try graph.embedding(ids, "shared", count: vocabulary, size: hiddenSize)
    let distances = try relativeBias(&graph, ids, "encoder", isBidirectional: true)
    let bias = graph.masked(distances, where: mask, "encoder.bias")
    for layer in 0..<encoderLayers {
      let name = "encoder.block.\(layer).layer"
      let y = try norm(&graph, x, "\(name).0.layer_norm")
      x = graph.add(
        x, try attention(&graph, "\(name).0.SelfAttention", y, y, bias: bias),
        "\(name).0.residual")
      x = try feedForward(&graph, x, "\(name).1")
    }
    return try norm(
      &graph, x, "encoder.final_layer_norm", output: "encoder_last_hidden_state")
  }

  private func decoder(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ encoded: ValueID, _ mask: ValueID
  ) throws -> ValueID {
    let table = try graph.parameter("shared.weight", [vocabulary, hiddenSize])
    var x = graph.graph.add(Gather(axis: 0), [table, ids], name: "decoder.embed_tokens")
    let bias = try relativeBias(&graph, ids, "decoder", isBidirectional: false)
    for layer in 0..<decoderLayers {
      let name = "decoder.block.\(layer).layer"
      let y = try norm(&graph, x, "\(name).0.layer_norm")
      x = graph.add(
        x,
        try attention(
          &graph, "\(name).0.SelfAttention", y, y, bias: bias, isCausal: true),
        "\(name).0.residual")
      let z = try norm(&graph, x, "\(name).1.layer_norm")
      x = graph.add(
        x, try attention(&graph, "\(name).1.EncDecAttention", z, encoded, bias: mask),
        "\(name).1.residual")
      x = try feedForward(&graph, x, "\(name).2")
    }
    return try norm(&graph, x, "decoder.final_layer_norm")
  }

  private func relativeBias(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ stack: String, isBidirectional: Bool
  ) throws -> ValueID {
    try graph.relativeBias(
      of: ids, "\(stack).block.0.layer.0.SelfAttention.relative_attention_bias",
      buckets: buckets, heads: heads, isBidirectional: isBidirectional, farthest: farthest)
  }

  private func norm(
    _ graph: inout LayerBuilder, _ x: ValueID, _ name: String, output: String? = nil
  ) throws -> ValueID {
    try graph.rmsNormalization(x, name, hiddenSize, epsilon: epsilon, output: output)
  }

  /// Scores are not scaled: the weights are small instead.
  private func attention(
    _ graph: inout LayerBuilder, _ name: String, _ x: ValueID, _ memory: ValueID, bias: ValueID,
    isCausal: Bool = false
  ) throws -> ValueID {
    let inner = heads * headDimension
    let q = try graph.projection(x, "\(name).q", from: hiddenSize, to: inner)
    let k = try graph.projection(memory, "\(name).k", from: hiddenSize, to: inner)
    let v = try graph.projection(memory, "\(name).v", from: hiddenSize, to: inner)
    let y = graph.graph.add(
      Attention(queryHeads: heads, keyValueHeads: heads, scale: 1, isCausal: isCausal),
      [q, k, v, bias], name: name)
    return try graph.projection(y, "\(name).o", from: inner, to: hiddenSize)
  }

  private func feedForward(
    _ graph: inout LayerBuilder, _ x: ValueID, _ name: String
  ) throws -> ValueID {
    let y = try norm(&graph, x, "\(name).layer_norm")
    let layer = "\(name).DenseReluDense"
    func wide(_ part: String) throws -> ValueID {
      try graph.projection(y, "\(layer).\(part)", from: hiddenSize, to: intermediateSize)
    }
    var z = graph.activation(
      try wide(isGated ? "wi_0" : "wi"), activation, "\(layer).act")
    if isGated { z = graph.graph.add(Mul(), [z, try wide("wi_1")], name: "\(layer).product") }
    z = try graph.projection(z, "\(layer).wo", from: intermediateSize, to: hiddenSize)
    return graph.add(x, z, "\(name).residual")
  }
}
