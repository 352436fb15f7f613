import ModelGraph
import Operators
import Tensors

extension T5Configuration: EncoderDecoderConfiguration {
  /// Distances beyond the farthest are alike, so that any length works.
  public var cache: CacheLayout {
    CacheLayout(
      layers: decoderLayers, keyValueHeads: heads, headDimension: headDimension,
      contextLength: 1 << 20)
  }

  /// `input_ids`, `attention_mask` and `decoder_input_ids` to `logits` and `encoder_last_hidden_state`.
  public func build() throws -> ModelDefinition {
    try check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let mask = graph.attentionMask(graph.tokens("attention_mask"))
    let written = graph.tokens("decoder_input_ids", sequence: "decoder_sequence")
    let encoded = try encoder(&graph, ids, mask)
    let places = graph.places(along: 1, of: written, "decoder.places")
    let bias = try relativeBias(&graph, of: places, to: places, "decoder", isBidirectional: false)
    let x = try decoder(&graph, written) { graph, name, _, q, k, v in
      graph.graph.add(attention(isCausal: true), [q, k, v, bias], name: name)
    } look: { graph, name, _, q in
      let (k, v) = try memory(&graph, name, encoded)
      return graph.graph.add(attention(), [q, k, v, mask], name: name)
    }
    let logits = try head(&graph, x)
    return described(try graph.finished(logits, encoded))
  }

  /// With what may be left out, and how many tokens there are.
  func described(_ definition: ModelDefinition) -> ModelDefinition {
    var definition = definition
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    definition.vocabularies["input_ids"] = vocabulary
    definition.vocabularies["decoder_input_ids"] = vocabulary
    return definition
  }

  public func buildReader() throws -> ModelDefinition {
    try check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let mask = graph.attentionMask(graph.tokens("attention_mask"))
    let encoded = try encoder(&graph, ids, mask)
    let outputs = try (0..<decoderLayers).flatMap { layer in
      let name = "decoder.block.\(layer).layer.1.EncDecAttention"
      let (key, value) = try memory(&graph, name, encoded, output: "memory.\(layer)")
      return [key, value]
    }
    return try graph.finished(outputs)
  }

  public func buildStep() throws -> ModelDefinition {
    try check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let starts = graph.graph.addInput("starts", TensorType(.int64, ["batch"]))
    let last = graph.graph.addInput("last", TensorType(.int64, ["batch"]))
    let mask = graph.attentionMask(graph.tokens("attention_mask", sequence: "memory"))
    let type = TensorType(.float32, ["batch", "memory", .fixed(heads * headDimension)])
    let known = (0..<decoderLayers).map { layer in
      ["key", "value"].map { graph.graph.addInput("memory.\(layer).\($0)", type) }
    }
    let past = graph.pasts(cache)
    var present: [ValueID] = []
    let positions = graph.positions(of: ids, from: starts)
    let places = graph.places(along: 2, of: past[0].key, "decoder.places")
    let bias = try relativeBias(
      &graph, of: positions, to: places, "decoder", isBidirectional: false)
    let x = try decoder(&graph, ids) { graph, name, layer, q, k, v in
      graph.cachedAttention(
        CachedAttention(queryHeads: heads, keyValueHeads: heads, scale: 1),
        [q, k, v, past[layer].key, past[layer].value, starts, bias], layer: layer, name: name,
        present: &present)
    } look: { graph, name, layer, q in
      graph.graph.add(attention(), [q] + known[layer] + [mask], name: name)
    }
    let wanted = graph.row(last, of: x, "last_hidden")
    let logits = try head(&graph, wanted)
    return try graph.finished([logits] + present)
  }

  func check() throws {
    try checkSizes(
      [
        vocabulary, hiddenSize, intermediateSize, heads, headDimension, buckets, farthest,
      ], layers: encoderLayers, decoderLayers,
      areSound: farthest <= 1 << 16 && buckets >= 4 && farthest > buckets / 2)
  }
}

extension T5Configuration {
  func encoder(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ mask: ValueID,
    output: String = "encoder_last_hidden_state"
  ) throws -> ValueID {
    var (x, _) = try graph.embedding(ids, "shared", count: vocabulary, size: hiddenSize)
    let places = graph.places(along: 1, of: ids, "encoder.places")
    let distances = try relativeBias(
      &graph, of: places, to: places, "encoder", isBidirectional: true)
    let bias = graph.masked(distances, where: mask, "encoder.bias")
    for layer in 0..<encoderLayers {
      let name = "encoder.block.\(layer).layer"
      let y = try norm(&graph, x, "\(name).0.layer_norm")
      x = graph.add(
        x,
        try layerOfAttention(&graph, "\(name).0.SelfAttention", y) { graph, name, q in
          let (k, v) = try memory(&graph, name, y)
          return graph.graph.add(attention(), [q, k, v, bias], name: name)
        }, "\(name).0.residual")
      x = try feedForward(&graph, x, "\(name).1")
    }
    return try norm(&graph, x, "encoder.final_layer_norm", output: output)
  }

  /// - Parameters:
  ///   - attend: attention to what was written before: its name, the layer, queries, keys and values.
  ///   - look: attention to what the encoder read: its name, the layer, and queries.
  func decoder(
    _ graph: inout LayerBuilder, _ ids: ValueID, attend: DecoderGraphs.Attend,
    look: (inout LayerBuilder, String, Int, ValueID) throws -> ValueID
  ) throws -> ValueID {
    let table = try graph.parameter("shared.weight", [vocabulary, hiddenSize])
    var x = graph.graph.add(Gather(axis: 0), [table, ids], name: "decoder.embed_tokens")
    for layer in 0..<decoderLayers {
      let name = "decoder.block.\(layer).layer"
      let y = try norm(&graph, x, "\(name).0.layer_norm")
      x = graph.add(
        x,
        try layerOfAttention(&graph, "\(name).0.SelfAttention", y) { graph, name, q in
          let (k, v) = try memory(&graph, name, y)
          return try attend(&graph, name, layer, q, k, v)
        }, "\(name).0.residual")
      let z = try norm(&graph, x, "\(name).1.layer_norm")
      x = graph.add(
        x,
        try layerOfAttention(&graph, "\(name).1.EncDecAttention", z) { graph, name, q in
          try look(&graph, name, layer, q)
        }, "\(name).1.residual")
      x = try feedForward(&graph, x, "\(name).2")
    }
    return try norm(&graph, x, "decoder.final_layer_norm")
  }

  func head(_ graph: inout LayerBuilder, _ x: ValueID) throws -> ValueID {
    var x = x
    if scalesOutput {
      let factor = graph.scalar("output_scale", Float(1 / Double(hiddenSize).squareRoot()))
      x = graph.graph.add(Mul(), [x, factor], name: "decoder.scaled")
    }
    guard isTied else {
      return try graph.projection(
        x, "lm_head", from: hiddenSize, to: vocabulary, output: "logits")
    }
    let table = try graph.parameter("shared.weight", [vocabulary, hiddenSize])
    return graph.graph.add(Linear(), [x, table], name: "lm_head", output: "logits")
  }

  func relativeBias(
    _ graph: inout LayerBuilder, of queries: ValueID, to keys: ValueID, _ stack: String,
    isBidirectional: Bool
  ) throws -> ValueID {
    try graph.relativeBias(
      of: queries, to: keys, "\(stack).block.0.layer.0.SelfAttention.relative_attention_bias",
      buckets: buckets, heads: heads, isBidirectional: isBidirectional, farthest: farthest)
  }

  private func norm(
    _ graph: inout LayerBuilder, _ x: ValueID, _ name: String, output: String? = nil
  ) throws -> ValueID {
    try graph.rmsNormalization(x, name, hiddenSize, epsilon: epsilon, output: output)
  }

  /// Scores are not scaled: the weights are small instead.
  func attention(isCausal: Bool = false) -> Attention {
    Attention(queryHeads: heads, keyValueHeads: heads, scale: 1, isCausal: isCausal)
  }

  /// Queries, what attention makes of them, and the projection behind it.
  private func layerOfAttention(
    _ graph: inout LayerBuilder, _ name: String, _ x: ValueID,
    attend: (inout LayerBuilder, String, ValueID) throws -> ValueID
  ) throws -> ValueID {
    let inner = heads * headDimension
    let q = try graph.projection(x, "\(name).q", from: hiddenSize, to: inner)
    let y = try attend(&graph, name, q)
    return try graph.projection(y, "\(name).o", from: inner, to: hiddenSize)
  }

  /// The keys and values of what is looked at.
  func memory(
    _ graph: inout LayerBuilder, _ name: String, _ x: ValueID, output: String? = nil
  ) throws -> (key: ValueID, value: ValueID) {
    func part(_ part: String, _ suffix: String) throws -> ValueID {
      try graph.projection(
        x, "\(name).\(part)", from: hiddenSize, to: heads * headDimension,
        output: output.map { "\($0).\(suffix)" })
    }
    return (try part("k", "key"), try part("v", "value"))
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
