import ModelGraph
import Operators
import Tensors

extension T5Configuration {
  /// Reading and writing in one graph without control flow: keys and values grow by what is given, the encoder's by
  /// `input_ids` and the decoder's by `decoder_input_ids`. The first step gives the prompt and an empty past, each later one
  /// no prompt (`[batch, 0]`) and the past that came of the step before.
  ///
  /// - Source: the names of past and present are those of Hugging Face's optimum.
  public func buildExport() throws -> ModelDefinition {
    try check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let mask = graph.attentionMask(graph.tokens("attention_mask", sequence: "total_sequence"))
    let written = graph.tokens("decoder_input_ids", sequence: "decoder_sequence")
    let past = ["encoder", "decoder"].map {
      graph.pasts(cache, "past_key_values", part: "\($0).", length: "past_\($0)_sequence")
    }
    let lengths = past.map {
      graph.graph.add(
        ShapeOf(start: 2, end: 3), [$0[0].key], name: "\(graph.graph[$0[0].key].name).length")
    }
    // What was read before is not read again: its keys and values are there
    let unread = graph.graph.add(
      Slice(), [mask, lengths[0], graph.integers("end", [Int.max]), graph.integers("axis_3", [3])],
      name: "encoder.mask")
    let encoded = try encoder(&graph, ids, unread)
    let bias = try relativeBias(
      &graph, of: graph.positions(of: written, from: lengths[1]),
      to: graph.places(along: 1, of: written, before: lengths[1], "decoder.places"), "decoder",
      isBidirectional: false)
    var present: [ValueID] = []
    let x = try decoder(&graph, written) { graph, name, layer, q, k, v in
      graph.cachedAttention(
        attention(isCausal: true), [q, k, v, bias, past[1][layer].key, past[1][layer].value],
        layer: layer, part: "decoder.", name: name, present: &present)
    } look: { graph, name, layer, q in
      let (k, v) = try memory(&graph, name, encoded)
      return graph.cachedAttention(
        attention(), [q, k, v, mask, past[0][layer].key, past[0][layer].value], layer: layer,
        part: "encoder.", name: name, present: &present)
    }
    let logits = try head(&graph, x)
    return described(try graph.finished([logits, encoded] + present))
  }
}
