import JSON
import OrderedCollections

/// What transformers would say of KerasHub's decoders.
extension KerasHubClass {
  var gpt2: Sidecars {
    var words = renamed([
      ("vocabulary_size", "vocab_size"), ("hidden_dim", "n_embd"), ("num_layers", "n_layer"),
      ("num_heads", "n_head"), ("intermediate_dim", "n_inner"),
      ("max_sequence_length", "n_positions"),
    ])
    words["model_type"] = "gpt2"
    words["activation_function"] = "gelu_new"
    return words
  }

  /// Llama, Mistral, Qwen 2 and 3.
  func decoder(_ kind: DecoderConfiguration.Kind) -> Sidecars {
    var words = sizes
    words["model_type"] = .string(kind.rawValue)
    words["rope_theta"] = self["rope_max_wavelength"]
    words["rope_scaling"] = scaling
    words["tie_word_embeddings"] = self["tie_word_embeddings"]
    if kind == .mistral { words["sliding_window"] = self["sliding_window"] }
    if kind == .qwen2 || kind == .qwen3 {
      let window = self["sliding_window_size"]?.integer
      let isUsed = kind == .qwen3 || self["use_sliding_window_attention"]?.bool ?? false
      words["use_sliding_window"] = .bool(isUsed && window != nil)
      words["sliding_window"] = window.map { .integer($0) }
      words["max_window_layers"] = 0
    }
    return words
  }

  /// Gemma 1 and 2, which are one class.
  var gemma: Sidecars? {
    let hasOutputNorms = self["use_post_ffw_norm"]?.bool ?? false
    guard hasOutputNorms == self["use_post_attention_norm"]?.bool ?? false,
      var words = gemmaWords, let inner = self["intermediate_dim"]?.integer, inner % 2 == 0
    else { return nil }
    // Half of it is the gate
    words["intermediate_size"] = .integer(inner / 2)
    words["model_type"] = hasOutputNorms ? "gemma2" : "gemma"
    if !hasOutputNorms {
      let isPlain =
        self["attention_logit_soft_cap"] == nil && self["final_logit_soft_cap"] == nil
        && self["use_sliding_window_attention"]?.bool != true
      return isPlain ? words : nil
    }
    return words
  }

  var gemma3: Sidecars? {
    guard self["vision_encoder"] == nil, self["use_query_key_norm"]?.bool ?? true,
      self["use_post_ffw_norm"]?.bool == true, self["use_post_attention_norm"]?.bool == true,
      self["is_embedding_model"]?.bool != true,
      self["local_rope_scaling_factor"]?.double ?? 1 == 1,
      var words = gemmaWords
    else { return nil }
    words["model_type"] = "gemma3_text"
    words["rope_theta"] = 1_000_000.0
    words["rope_local_base_freq"] = 10_000.0
    words["use_bidirectional_attention"] = self["use_bidirectional_attention"]
    if let factor = self["global_rope_scaling_factor"]?.double, factor != 1 {
      words["rope_scaling"] = ["rope_type": "linear", "factor": .number(factor)]
    }
    return words
  }

  /// What all of them have. Scores are scaled by the heads' size: `query_head_dim_normalize` is not passed on.
  private var gemmaWords: Sidecars? {
    var words = sizes
    guard let size = self["head_dim"]?.integer, let layers = self["num_layers"]?.integer,
      (1...4096).contains(layers)
    else { return nil }
    words["query_pre_attn_scalar"] = .integer(size)
    words["attn_logit_softcapping"] = arguments["attention_logit_soft_cap"] ?? .null
    words["final_logit_softcapping"] = arguments["final_logit_soft_cap"] ?? .null
    words["sliding_window"] = self["sliding_window_size"]
    if self["use_sliding_window_attention"]?.bool != true {
      words["layer_types"] = .array(Array(repeating: "full_attention", count: layers))
    }
    return words
  }

  private var sizes: Sidecars {
    renamed([
      ("vocabulary_size", "vocab_size"), ("hidden_dim", "hidden_size"),
      ("intermediate_dim", "intermediate_size"), ("num_layers", "num_hidden_layers"),
      ("num_query_heads", "num_attention_heads"), ("num_key_value_heads", "num_key_value_heads"),
      ("head_dim", "head_dim"), ("layer_norm_epsilon", "rms_norm_eps"),
    ])
  }

  private var scaling: JSONValue? {
    if let factor = self["rope_frequency_adjustment_factor"] {
      return [
        "rope_type": "llama3", "factor": factor,
        "low_freq_factor": self["rope_low_freq_factor"] ?? 1,
        "high_freq_factor": self["rope_high_freq_factor"] ?? 4,
        "original_max_position_embeddings": self["rope_pretraining_sequence_length"] ?? 8192,
      ]
    }
    let factor = self["rope_scaling_factor"] ?? self["rope_position_scaling_factor"]
    guard let factor = factor?.double, factor != 1 else { return nil }
    return ["rope_type": "linear", "factor": .number(factor)]
  }

  var t5: Sidecars? {
    var words = renamed([
      ("vocabulary_size", "vocab_size"), ("hidden_dim", "d_model"), ("num_layers", "num_layers"),
      ("num_layers", "num_decoder_layers"), ("num_heads", "num_heads"),
      ("intermediate_dim", "d_ff"), ("key_value_dim", "d_kv"),
      ("layer_norm_epsilon", "layer_norm_epsilon"),
    ])
    guard let heads = self["num_heads"]?.integer, heads > 0 else { return nil }
    if words["d_kv"] == nil, let hidden = self["hidden_dim"]?.integer {
      words["d_kv"] = .integer(hidden / heads)
    }
    let isGated = self["use_gated_activation"]?.bool ?? true
    let said = self["activation"]
    let isByTanh = said?["config"]?.string?.hasSuffix("gelu_approximate") ?? false
    guard let name = isByTanh ? "gelu_new" : said?.string ?? (said == nil ? "relu" : nil) else {
      return nil
    }
    // `gated-gelu` is the one by tanh in transformers
    let exact = name == "gelu" ? "gelu_python" : name
    words["feed_forward_proj"] = .string(isGated ? "gated-\(exact)" : exact)
    let isTied = self["tie_embedding_weights"]?.bool ?? true
    words["model_type"] = "t5"
    words["tie_word_embeddings"] = .bool(isTied)
    words["scale_decoder_outputs"] = .bool(isTied)
    return words
  }
}
