import Formats
import JSON
import OrderedCollections

/// KerasHub's GPT-2, whose queries, keys and values are apart.
extension GPT2Configuration {
  /// By objects alone: the names of an `.h5` file are not written.
  static func kerasHubTable(_ sizes: HeadSizes) -> KerasHubTable {
    var table = KerasHubTable()
    table.add(
      KerasHubWeight("reversible_embedding.vars.0", nil, "transformer.wte.weight"),
      KerasHubWeight("position_embedding.vars.0", nil, "transformer.wpe.weight"))
    let attention = "_self_attention_layer"
    let parts = ["query", "key", "value"].map { "\(attention).\($0)_dense.vars" }
    let all = HeadSizes(heads: 3 * sizes.heads, size: sizes.size, hidden: sizes.hidden)
    table.addLayers(
      objects: "transformer_decoder", names: "", ours: "transformer.h.{i}",
      [
        KerasHubWeight(
          parts.map { "\($0).0" }, [], ["attn.c_attn.weight"], all.inwards, axis: 1),
        KerasHubWeight(parts.map { "\($0).1" }, [], ["attn.c_attn.bias"], all.flat, axis: 0),
        KerasHubWeight(
          "\(attention).output_dense.vars.0", nil, "attn.c_proj.weight", sizes.outwards),
        KerasHubWeight("\(attention).output_dense.vars.1", nil, "attn.c_proj.bias"),
      ]
        + .norm("_self_attention_layer_norm", nil, "ln_1")
        + .dense("_feedforward_intermediate_dense", nil, "mlp.c_fc")
        + .dense("_feedforward_output_dense", nil, "mlp.c_proj")
        + .norm("_feedforward_layer_norm", nil, "ln_2"))
    table.add(.norm("layer_normalization", nil, "transformer.ln_f"))
    return table
  }

  public var kerasHubObstacle: String? {
    if activation != .geluTanh {
      return "KerasHub's GELU is computed by tanh, and this one's is not"
    }
    if epsilon != 1e-5 { return "its epsilon is \(epsilon), and KerasHub's is 1e-05" }
    return isTied || head == nil ? nil : "its head is its own, and KerasHub's is the embeddings"
  }

  public var kerasHubConfiguration: JSONValue? {
    KerasHubClass(
      "GPT2Backbone", in: "gpt2.gpt2_backbone",
      [
        "vocabulary_size": .integer(vocabulary), "num_layers": .integer(layers),
        "num_heads": .integer(heads), "hidden_dim": .integer(hiddenSize),
        "intermediate_dim": .integer(intermediateSize), "dropout": 0.1,
        "max_sequence_length": .integer(contextLength),
      ]
    ).description
  }
}
