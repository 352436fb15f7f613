import ModelGraph
import Operators
import Tensors

extension GPT2Configuration: GenerativeConfiguration {
  public var cache: CacheLayout {
    CacheLayout(
      layers: layers, keyValueHeads: heads, headDimension: hiddenSize / max(heads, 1),
      contextLength: contextLength)
  }

  public func build() throws -> ModelDefinition { try graphs().whole() }
  public func buildStep() throws -> ModelDefinition { try graphs().step() }
  public func buildExport() throws -> ModelDefinition { try graphs().growing() }

  private func graphs() throws -> DecoderGraphs {
    try check()
    return DecoderGraphs(
      name: variant, vocabulary: vocabulary, hiddenSize: hiddenSize, cache: cache, head: head,
      isTied: isTied, learnsPositions: true,
      attention: { _ in Attention(queryHeads: heads, keyValueHeads: heads, isCausal: true) },
      body: body)
  }

  private func check() throws {
    try checkSizes(
      [vocabulary, contextLength, hiddenSize, intermediateSize, heads], layers: layers,
      areSound: hiddenSize % heads == 0)
  }
}

extension GPT2Configuration {
  /// From ids to the last hidden states; the embedding's table is for a tied head.
  private func body(
    _ graph: inout LayerBuilder, _ ids: ValueID, _ positions: ValueID,
    attend: DecoderGraphs.Attend
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
      output: head == nil ? "last_hidden_state" : nil)
    return (x, table)
  }
}
