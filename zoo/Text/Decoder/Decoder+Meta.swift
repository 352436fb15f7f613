import Formats
import JSON
import OrderedCollections

/// Meta's `params.json`, and Mistral's of the same name, which says more.
extension Sidecars {
  /// What it says, in transformers' words.
  var metaParameters: JSONValue? {
    guard let parameters = self["params.json"], let size = parameters["dim"]?.integer,
      let layers = parameters["n_layers"]?.integer, let heads = parameters["n_heads"]?.integer
    else { return nil }
    let window = parameters["sliding_window"]
    let isMistral = window?.integer != nil || parameters["hidden_dim"] != nil
    var config: Sidecars = [
      "model_type": isMistral ? "mistral" : "llama",
      "hidden_size": .integer(size), "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads),
      "num_key_value_heads": .integer(parameters["n_kv_heads"]?.integer ?? heads),
      "rms_norm_eps": parameters["norm_eps"] ?? 1e-5,
      "rope_theta": parameters["rope_theta"] ?? 10000.0,
    ]
    config["sliding_window"] = window
    config["head_dim"] = parameters["head_dim"]
    if parameters["use_scaled_rope"]?.bool == true {
      let factor = DecoderConfiguration.metaFactor(hiddenSize: size)
      config["rope_scaling"] = [
        "rope_type": "llama3", "low_freq_factor": 1, "high_freq_factor": 4,
        "factor": parameters["rope_scaling_factor"] ?? .number(factor),
        "original_max_position_embeddings": 8192,
      ]
      config["max_position_embeddings"] = 131072
    }
    return .object(config)
  }
}

extension DecoderConfiguration {
  /// By how much long contexts are scaled is in Meta's program, not in its files: more in the small models of Llama 3.2.
  fileprivate static func metaFactor(hiddenSize: Int) -> Double { hiddenSize < 4096 ? 32 : 8 }

  public var metaObstacle: String? {
    let theirs = kind == .mistral ? "Mistral's program" : "Meta's program"
    if hasQueryBiases || hasOutputBias || hasFeedForwardBiases {
      return "\(theirs) knows no biases"
    }
    if activation != .silu { return "\(theirs) has SiLU for activation" }
    if head == nil { return "\(theirs) wants the head that tells the next token" }
    if kind == .llama, queryHeads * headDimension != hiddenSize {
      return "the heads of Meta's Llama are as wide together as the hidden size"
    }
    switch rotary.scaling {
    case .none: return nil
    case .llama3(_, 1, 4, 8192) where kind == .llama: return nil
    default: return "\(theirs) scales long contexts otherwise"
    }
  }

  /// What Meta's program, or Mistral's, wants to know.
  public var metaParameters: JSONValue? {
    var parameters: Sidecars = [
      "dim": .integer(hiddenSize), "n_layers": .integer(layers), "n_heads": .integer(queryHeads),
      "n_kv_heads": .integer(keyValueHeads), "vocab_size": .integer(vocabulary),
      "norm_eps": .number(epsilon), "rope_theta": .number(rotary.theta),
    ]
    if kind == .mistral {
      parameters["head_dim"] = .integer(headDimension)
      parameters["hidden_dim"] = .integer(intermediateSize)
      parameters["sliding_window"] = window.map { .integer($0) }
      return .object(parameters)
    }
    let (factor, multiple) = Self.metaSizes(intermediateSize, hiddenSize: hiddenSize)
    parameters["multiple_of"] = .integer(multiple)
    parameters["ffn_dim_multiplier"] = factor.map { .number($0) }
    if case .llama3(let factor, _, _, _) = rotary.scaling {
      parameters["use_scaled_rope"] = true
      if factor != Self.metaFactor(hiddenSize: hiddenSize) {
        parameters["rope_scaling_factor"] = .number(factor)
      }
    }
    return .object(parameters)
  }

  /// From which Meta's program makes the size of feed-forward layers: ⅔ of four times the hidden size, times a factor, rounded up
  /// to a multiple. Those that it published come first.
  static func metaSizes(_ size: Int, hiddenSize: Int) -> (factor: Double?, multiple: Int) {
    let plain = 8 * hiddenSize / 3
    let published: [(factor: Double?, multiple: Int)] = [
      (nil, 256), (1.5, 256), (1.3, 4096), (1.3, 1024),
    ]
    for (factor, multiple) in published {
      let inner = factor.map { Int($0 * Double(plain)) } ?? plain
      if (inner + multiple - 1) / multiple * multiple == size { return (factor, multiple) }
    }
    // Anything that is not too large is rounded up to the size itself
    return (plain <= size ? nil : Double(size) / Double(plain), size)
  }
}
