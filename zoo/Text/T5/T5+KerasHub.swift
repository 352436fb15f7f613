import Formats
import JSON
import OrderedCollections

/// KerasHub's T5: encoder and decoder are objects of one class, first those of the encoder.
extension T5Configuration {
  /// By objects alone: norms have no names that stay.
  static func kerasHubTable(encoderLayers: Int, isGated: Bool) -> KerasHubTable {
    var table = KerasHubTable()
    table.add(
      KerasHubWeight("reversible_embedding.vars.0", nil, "shared.weight"),
      KerasHubWeight(
        "reversible_embedding.vars.1", nil, "lm_head.weight", KerasHubWeight.turn))
    // The decoder first: the encoder's pattern would take its objects too
    for (stack, first, last) in [("decoder", encoderLayers, 2), ("encoder", 0, 1)] {
      table.addLayers(
        objects: "t5_transformer_layer", names: "", ours: "\(stack).block.{i}.layer", after: first,
        layer(feedForward: last, isGated: isGated))
    }
    table.add(.scale("t5_layer_norm", nil, "encoder.final_layer_norm"))
    table.add(.scale("t5_layer_norm_1", nil, "decoder.final_layer_norm"))
    return table
  }

  private static func layer(feedForward place: Int, isGated: Bool) -> [KerasHubWeight] {
    func attention(_ object: String, _ ours: String) -> [KerasHubWeight] {
      [("query", "q"), ("key", "k"), ("value", "v"), ("output", "o")].flatMap { part, short in
        [KerasHubWeight].dense(
          "\(object).\(part)_projector", nil, "\(ours).\(short)", hasBias: false)
      }
    }
    var weights = attention("self_attention", "0.SelfAttention")
    weights.append(
      KerasHubWeight(
        "self_attention.vars.0", nil, "0.SelfAttention.relative_attention_bias.weight"))
    weights += .scale("self_attention_layer_norm", nil, "0.layer_norm")
    if place == 2 {
      weights += attention("cross_attention", "1.EncDecAttention")
      weights += .scale("cross_attention_layer_norm", nil, "1.layer_norm")
    }
    weights += .scale("layer_norm", nil, "\(place).layer_norm")
    let inner = "\(place).DenseReluDense"
    weights += .dense("input_projector", nil, "\(inner).\(isGated ? "wi_0" : "wi")", hasBias: false)
    if isGated { weights += .dense("gate_projector", nil, "\(inner).wi_1", hasBias: false) }
    return weights + .dense("output_projector", nil, "\(inner).wo", hasBias: false)
  }

  /// What the shapes of KerasHub's objects show.
  init?(kerasHub shapes: NamedShapes, _ sidecars: Sidecars) {
    let isGated = shapes["layers.t5_transformer_layer.gate_projector.vars.0"] != nil
    let decoders = shapes.shapes.keys.count { $0.hasSuffix(".cross_attention_layer_norm.vars.0") }
    guard decoders > 0,
      let map = Self.kerasHubTable(encoderLayers: decoders, isGated: isGated)
        .map(for: .kerasHubObjects)
    else { return nil }
    self.init(
      canonical: shapes.mapped(by: map, isChanged: true), config: sidecars.textConfiguration,
      isGated: isGated)
  }

  public var kerasHubObstacle: String? {
    if encoderLayers != decoderLayers {
      return "KerasHub's T5 has as many layers in the decoder as in the encoder"
    }
    if buckets != 32 || farthest != 128 {
      return "KerasHub's T5 tells 32 distances up to 128 apart, and this \(buckets) to \(farthest)"
    }
    if isTied != scalesOutput {
      return "KerasHub's T5 scales its output exactly where the head is the embeddings"
    }
    return kerasHubActivation == nil ? "KerasHub has no activation '\(activation.rawValue)'" : nil
  }

  private var kerasHubActivation: JSONValue? {
    switch activation {
    case .relu, .silu, .gelu: .string(activation.rawValue)
    case .geluTanh:
      [
        "module": "builtins", "class_name": "function", "config": "keras_hub>gelu_approximate",
        "registered_name": "function",
      ]
    default: nil
    }
  }

  public var kerasHubConfiguration: JSONValue? {
    KerasHubClass(
      "T5Backbone", in: "t5.t5_backbone",
      [
        "vocabulary_size": .integer(vocabulary), "hidden_dim": .integer(hiddenSize),
        "intermediate_dim": .integer(intermediateSize), "num_layers": .integer(encoderLayers),
        "num_heads": .integer(heads), "activation": kerasHubActivation ?? "relu",
        "key_value_dim": .integer(headDimension), "dropout": 0.1,
        "use_gated_activation": .bool(isGated), "layer_norm_epsilon": .number(epsilon),
        "tie_embedding_weights": .bool(isTied),
      ]
    ).description
  }
}
