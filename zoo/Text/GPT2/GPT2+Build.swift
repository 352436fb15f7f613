import BinaryIO
import ModelGraph
import Operators
import Tensors

extension GPT2Configuration: GenerativeConfiguration {
  public var cache: CacheLayout {
    CacheLayout(
      layers: layers, keyValueHeads: heads, headDimension: hiddenSize / max(heads, 1),
      contextLength: contextLength)
  }

  /// `input_ids` and `attention_mask` to `logits`, or to `last_hidden_state` where there is no head.
  public func build() throws -> ModelDefinition {
    try check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let mask = graph.attentionMask(graph.tokens("attention_mask"))
    let positions = graph.positions(of: ids)
    let (x, table) = try body(&graph, ids, positions) { graph, name, _, q, k, v in
      graph.graph.add(
        Attention(queryHeads: heads, keyValueHeads: heads, isCausal: true), [q, k, v, mask],
        name: name)
    }
    let output = try head(&graph, x, table)
    var definition = try graph.finished(output)
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    definition.vocabularies["input_ids"] = vocabulary
    definition.longest["input_ids"] = contextLength
    return definition
  }

  public func buildStep() throws -> ModelDefinition {
    try check()
    guard hasHead else {
      throw DataError(.unsupported, "\(variant) has no head that tells the next token")
    }
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let starts = graph.graph.addInput("starts", TensorType(.int64, ["batch"]))
    let last = graph.graph.addInput("last", TensorType(.int64, ["batch"]))
    let end = graph.integer("last_position", contextLength - 1)
    // Beyond a short row's last token positions may not exist; what stands there is not looked at.
    let positions = graph.graph.add(
      Min(), [graph.positions(of: ids, from: starts), end], name: "positions.bounded")
    let past = graph.pasts(cache)
    var present: [ValueID] = []
    let (x, table) = try body(&graph, ids, positions) { graph, name, layer, q, k, v in
      graph.cachedAttention(
        CachedAttention(queryHeads: heads, keyValueHeads: heads),
        [q, k, v, past[layer].key, past[layer].value, starts], layer: layer, name: name,
        present: &present)
    }
    let wanted = graph.row(last, of: x, "last_hidden")
    let logits = try head(&graph, wanted, table)
    return try graph.finished([logits] + present)
  }

  /// As `build()`, with the keys and values of a past, which may be empty, and of all that was read until now.
  public func buildExport() throws -> ModelDefinition {
    guard hasHead else { return try build() }
    try check()
    var graph = LayerBuilder(name: variant)
    let door = graph.growingPast(cache)
    var present: [ValueID] = []
    let (x, table) = try body(&graph, door.ids, door.positions) { graph, name, layer, q, k, v in
      graph.cachedAttention(
        Attention(queryHeads: heads, keyValueHeads: heads, isCausal: true),
        [q, k, v, door.mask, door.past[layer].key, door.past[layer].value], layer: layer,
        name: name, present: &present)
    }
    let logits = try head(&graph, x, table)
    return try graph.finished([logits] + present)
  }

  /// Sizes may come from a file: products of them must not overflow.
  private func check() throws {
    let sizes = [vocabulary, contextLength, hiddenSize, intermediateSize, layers, heads]
    guard sizes.allSatisfy({ (1...(1 << 28)).contains($0) }), layers <= 4096,
      hiddenSize % heads == 0
    else {
      throw DataError(.limitExceeded, "a decoder of the sizes \(sizes)")
    }
  }
}

extension GPT2Configuration {
  /// Adds attention to a graph: its name, the layer, queries, keys and values.
  private typealias Attend = (
    inout LayerBuilder, String, Int, ValueID, ValueID, ValueID
  ) throws -> ValueID

  /// From ids to the last hidden states; the embedding's table is for a tied head.
  private func body(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ positions: ValueID, attend: Attend
  ) throws -> (x: ValueID, table: ValueID) {
    let (words, table) = try graph.embedding(
      ids, "transformer.wte", count: vocabulary, size: hiddenSize)
    let places = try graph.embedding(
      positions, "transformer.wpe", count: contextLength, size: hiddenSize
    ).x
    var x = graph.add(words, places, "transformer.embedding")
    for layer in 0..<layers {
      let name = "transformer.h.\(layer)"
      let y = try graph.layerNormalization(x, "\(name).ln_1", hiddenSize, epsilon: epsilon)
      let joined = try graph.projection(
        y, "\(name).attn.c_attn", from: hiddenSize, to: 3 * hiddenSize, bias: true)
      let parts = graph.split(joined, "\(name).attn.parts", into: 3)
      var z = try attend(&graph, "\(name).attn", layer, parts[0], parts[1], parts[2])
      z = try graph.projection(
        z, "\(name).attn.c_proj", from: hiddenSize, to: hiddenSize, bias: true)
      x = graph.add(x, z, "\(name).attn.residual")
      z = try graph.layerNormalization(x, "\(name).ln_2", hiddenSize, epsilon: epsilon)
      z = try graph.projection(
        z, "\(name).mlp.c_fc", from: hiddenSize, to: intermediateSize, bias: true)
      z = graph.activation(z, activation, "\(name).mlp.act")
      z = try graph.projection(
        z, "\(name).mlp.c_proj", from: intermediateSize, to: hiddenSize, bias: true)
      x = graph.add(x, z, "\(name).mlp.residual")
    }
    x = try graph.layerNormalization(
      x, "transformer.ln_f", hiddenSize, epsilon: epsilon,
      output: hasHead ? nil : "last_hidden_state")
    return (x, table)
  }

  private func head(
    _ graph: inout LayerBuilder, _ x: ValueID, _ table: ValueID
  ) throws -> ValueID {
    guard hasHead else { return x }
    guard isTied else {
      return try graph.projection(
        x, "lm_head", from: hiddenSize, to: vocabulary, output: "logits")
    }
    return graph.graph.add(Linear(), [x, table], name: "lm_head", output: "logits")
  }
}
