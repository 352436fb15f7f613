import Formats
import JSON
import OrderedCollections

/// KerasHub's class of the same function, or why there is none.
extension DecoderConfiguration {
  public var kerasHubObstacle: String? {
    let theirs = "KerasHub's \(family)"
    if hasOutputBias || hasFeedForwardBiases || hasQueryBiases != (kind == .qwen2) {
      return "\(theirs) has other biases"
    }
    if activation != (kind.isGemma ? .geluTanh : .silu) {
      return "\(theirs) has another activation"
    }
    if kind == .llama || kind == .qwen2, queryHeads * headDimension != hiddenSize {
      return "the heads of \(theirs) are as wide together as the hidden size"
    }
    if kind == .mistral, isTied || head == nil { return "\(theirs) has a head of its own" }
    if kind.isGemma, head != nil, !isTied { return "the head of \(theirs) is the embeddings" }
    return kerasHubAngles ?? kerasHubWindows ?? kerasHubGemma
  }

  private var kerasHubAngles: String? {
    let known: Bool =
      switch (kind, rotary.scaling) {
      case (.gemma, .none), (.gemma2, .none): rotary.theta == 10_000
      case (.gemma, _), (.gemma2, _): false
      case (.gemma3, .none), (.gemma3, .linear):
        rotary.theta == 1_000_000 && localRotary == Rotary(theta: 10_000)
      case (_, .none), (_, .linear), (.llama, .llama3): true
      default: false
      }
    return known ? nil : "KerasHub's \(family) has other rotary angles"
  }

  private var kerasHubWindows: String? {
    let windows = (0..<max(layers, 0)).map { window(ofLayer: $0) != nil }
    let pattern: (Int) -> Bool =
      switch kind {
      case .llama, .gemma: { _ in false }
      case .mistral, .qwen2, .qwen3: { _ in true }
      case .gemma2: { $0 % 2 == 0 }
      case .gemma3: { $0 % 6 < 5 }
      }
    guard windows.contains(true) else { return nil }
    return windows.indices.allSatisfy { windows[$0] == pattern($0) }
      ? nil : "KerasHub's \(family) has a window in other layers"
  }

  private var kerasHubGemma: String? {
    guard kind.isGemma else { return nil }
    if epsilon != 1e-6 { return "its epsilon is \(epsilon), and KerasHub's is 1e-06" }
    // There is an argument for it, which changes nothing
    return scale == nil
      ? nil : "KerasHub's \(family) scales its scores otherwise"
  }

  public var kerasHubConfiguration: JSONValue? {
    var arguments: Sidecars = [
      "vocabulary_size": .integer(vocabulary), "num_layers": .integer(layers),
      "num_query_heads": .integer(queryHeads), "num_key_value_heads": .integer(keyValueHeads),
      "hidden_dim": .integer(hiddenSize), "intermediate_dim": .integer(intermediateSize),
      "layer_norm_epsilon": .number(epsilon), "dropout": 0,
    ]
    if !kind.isGemma { arguments["rope_max_wavelength"] = .number(rotary.theta) }
    if case .linear(let factor) = rotary.scaling, kind != .llama, !kind.isGemma {
      arguments["rope_scaling_factor"] = .number(factor)
    }
    let hasOwnHead = head != nil && !isTied
    let windowed = window != nil && windowedLayers.contains(true)
    switch kind {
    case .llama:
      addLlamaAngles(to: &arguments)
      if !hasOwnHead { arguments["tie_word_embeddings"] = true }
      return KerasHubClass("Llama3Backbone", in: "llama3.llama3_backbone", arguments).description
    case .mistral:
      arguments["sliding_window"] = window.map { .integer($0) } ?? .null
      arguments["head_dim"] = .integer(headDimension)
      return KerasHubClass("MistralBackbone", in: "mistral.mistral_backbone", arguments).description
    case .qwen2:
      arguments["tie_word_embeddings"] = .bool(!hasOwnHead)
      arguments["use_sliding_window_attention"] = .bool(windowed)
      if let window { arguments["sliding_window_size"] = .integer(window) }
      return KerasHubClass("QwenBackbone", in: "qwen.qwen_backbone", arguments).description
    case .qwen3:
      arguments["head_dim"] = .integer(headDimension)
      arguments["tie_word_embeddings"] = .bool(!hasOwnHead)
      arguments["sliding_window_size"] = windowed ? window.map { .integer($0) } ?? .null : .null
      return KerasHubClass("Qwen3Backbone", in: "qwen3.qwen3_backbone", arguments).description
    case .gemma, .gemma2:
      addGemma(to: &arguments, windowed)
      arguments["intermediate_dim"] = .integer(2 * intermediateSize)
      return KerasHubClass("GemmaBackbone", in: "gemma.gemma_backbone", arguments).description
    case .gemma3:
      addGemma(to: &arguments, windowed)
      arguments["image_size"] = 0
      arguments["vision_encoder"] = .null
      arguments["use_query_key_norm"] = true
      if case .linear(let factor) = rotary.scaling {
        arguments["global_rope_scaling_factor"] = .number(factor)
      }
      return KerasHubClass("Gemma3Backbone", in: "gemma3.gemma3_backbone", arguments).description
    }
  }

  private func addLlamaAngles(to arguments: inout Sidecars) {
    switch rotary.scaling {
    case .linear(let factor): arguments["rope_position_scaling_factor"] = .number(factor)
    case .llama3(let factor, let low, let high, let original):
      arguments["rope_frequency_adjustment_factor"] = .number(factor)
      arguments["rope_low_freq_factor"] = .number(low)
      arguments["rope_high_freq_factor"] = .number(high)
      arguments["rope_pretraining_sequence_length"] = .number(original)
    case .none, .yarn: break
    }
  }

  private func addGemma(to arguments: inout Sidecars, _ windowed: Bool) {
    arguments["head_dim"] = .integer(headDimension)
    arguments["query_head_dim_normalize"] = true
    arguments["use_post_ffw_norm"] = .bool(kind.hasOutputNorms)
    arguments["use_post_attention_norm"] = .bool(kind.hasOutputNorms)
    arguments["attention_logit_soft_cap"] = attentionCap > 0 ? .number(attentionCap) : .null
    arguments["final_logit_soft_cap"] = logitCap > 0 ? .number(logitCap) : .null
    arguments["use_sliding_window_attention"] = .bool(windowed)
    if let window { arguments["sliding_window_size"] = .integer(window) }
  }
}
