import BinaryIO
import ModelGraph
import Operators
import Tensors

/// The graphs of a decoder that reads its prompt as it writes. They differ only in how attention reaches what came before.
struct DecoderGraphs {
  /// Adds attention to a graph: its name, the layer, queries, keys and values.
  typealias Attend = (
    inout LayerBuilder, String, Int, ValueID, ValueID, ValueID
  ) throws -> ValueID

  /// From ids and positions to the last hidden states; the embedding's table is for a tied head.
  typealias Body = (inout LayerBuilder, ValueID, ValueID, Attend) throws -> (
    x: ValueID, table: ValueID
  )

  var name: String
  var vocabulary: Int
  var hiddenSize: Int
  var cache: CacheLayout
  var head: DecoderHead?
  /// Whether the head's weights are the embedding's.
  var isTied: Bool
  /// Bounds the logits; 0 for none.
  var logitCap = 0.0
  /// Whether there are weights for so many positions and no more.
  var learnsPositions = false
  /// Tensors in the order of PyTorch's modules, where the graph meets them in another.
  var stateNames: [String] = []
  /// A layer's attention over all that it is given.
  var attention: (Int) -> Attention
  var body: Body

  /// `input_ids` and `attention_mask` to what the head gives, or to `last_hidden_state` where there is none.
  func whole() throws -> ModelDefinition {
    var graph = start()
    let ids = graph.tokens("input_ids")
    let flags = graph.tokens("attention_mask")
    let mask = graph.attentionMask(flags)
    let positions = graph.positions(of: ids)
    let (x, table) = try body(&graph, ids, positions) { graph, name, layer, q, k, v in
      graph.graph.add(attention(layer), [q, k, v, mask], name: name)
    }
    var outputs = [x]
    switch head {
    case nil: break
    case .nextToken: outputs = [try nextToken(&graph, x, table)]
    case .text(let text):
      let last = graph.lastToken(
        of: ids, at: positions, mask: flags, padding: text.padding)
      let wanted = graph.row(last, of: x, "last_hidden")
      outputs = [
        try graph.projection(
          wanted, "score", from: hiddenSize, to: text.classes, output: "logits")
      ]
    case .tokens(let head):
      outputs = [
        try graph.projection(
          x, head.name, from: hiddenSize, to: head.classes, bias: head.hasBias, output: "logits")
      ]
    case .answers:
      outputs = graph.answers(
        try graph.projection(
          x, DecoderHead.answersLayer, from: hiddenSize, to: 2, bias: true))
    }
    var definition = try graph.finished(outputs)
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    definition.vocabularies["input_ids"] = vocabulary
    if learnsPositions { definition.longest["input_ids"] = cache.contextLength }
    return definition
  }

  /// See `GenerativeConfiguration`.
  /// - Throws: `.unsupported` without a head that tells the next token.
  func step() throws -> ModelDefinition {
    guard head == .nextToken else {
      throw DataError(.unsupported, "\(name) has no head that tells the next token")
    }
    var graph = start()
    let ids = graph.tokens("input_ids")
    let starts = graph.graph.addInput("starts", TensorType(.int64, ["batch"]))
    let last = graph.graph.addInput("last", TensorType(.int64, ["batch"]))
    var positions = graph.positions(of: ids, from: starts)
    if learnsPositions {
      // Beyond a short row's last token positions may not exist; what stands there is not looked at
      let end = graph.integer("last_position", cache.contextLength - 1)
      positions = graph.graph.add(Min(), [positions, end], name: "positions.bounded")
    }
    let past = graph.pasts(cache)
    var present: [ValueID] = []
    let (x, table) = try body(&graph, ids, positions) { graph, name, layer, q, k, v in
      graph.cachedAttention(
        CachedAttention(attention(layer)),
        [q, k, v, past[layer].key, past[layer].value, starts], layer: layer, name: name,
        present: &present)
    }
    let wanted = graph.row(last, of: x, "last_hidden")
    let logits = try nextToken(&graph, wanted, table)
    return try graph.finished([logits] + present)
  }

  /// As `whole()`, with the keys and values of a past, which may be empty, and of all that was read until now.
  func growing() throws -> ModelDefinition {
    guard head == .nextToken else { return try whole() }
    var graph = start()
    let door = graph.growingPast(cache)
    var present: [ValueID] = []
    let (x, table) = try body(&graph, door.ids, door.positions) { graph, name, layer, q, k, v in
      graph.cachedAttention(
        attention(layer), [q, k, v, door.mask, door.past[layer].key, door.past[layer].value],
        layer: layer, name: name, present: &present)
    }
    let logits = try nextToken(&graph, x, table)
    return try graph.finished([logits] + present)
  }

  private func start() -> LayerBuilder {
    var graph = LayerBuilder(name: name)
    for name in stateNames { graph.unusedParameter(name) }
    return graph
  }

  private func nextToken(
    _ graph: inout LayerBuilder, _ x: ValueID, _ table: ValueID
  ) throws -> ValueID {
    let output = logitCap > 0 ? nil : "logits"
    let logits =
      isTied
      ? graph.graph.add(Linear(), [x, table], name: "lm_head", output: output)
      : try graph.projection(x, "lm_head", from: hiddenSize, to: vocabulary, output: output)
    return logitCap > 0
      ? graph.capped(logits, "logits.capped", at: logitCap, output: "logits") : logits
  }
}

extension CachedAttention {
  /// The same over a cache.
  fileprivate init(_ attention: Attention) {
    self.init(
      queryHeads: attention.queryHeads ?? 1, keyValueHeads: attention.keyValueHeads ?? 1,
      scale: attention.scale, softcap: attention.softcap,
      window: attention.leftWindow.map { $0 + 1 })
  }
}
