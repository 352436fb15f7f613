import Formats
import JSON
import OrderedCollections

extension Sidecars {
  /// What transformers' `config.json` says of a model of text, or what our own description keeps of it.
  var textConfiguration: JSONValue? {
    let config =
      configurationInTransformersWords ?? self[Checkpoint.descriptionName]?["config"]
    guard config?["model_type"] != nil else { return nil }
    return config?["text_config"].flatMap { $0["model_type"] == nil ? nil : $0 } ?? config
  }
}

extension JSONValue {
  /// Whether the classes that a file is for have no head: `LlamaModel`.
  var isBackbone: Bool {
    guard let classes = self["architectures"]?.array?.compactMap(\.string), !classes.isEmpty
    else { return false }
    return classes.allSatisfy { $0.hasSuffix("Model") && !$0.hasSuffix("LMHeadModel") }
  }
}

extension DecoderConfiguration {
  /// Takes what shapes do not show from a `config.json`; false where it asks for something that is not built here.
  mutating func adopt(_ config: JSONValue) -> Bool {
    epsilon = config["rms_norm_eps"]?.double ?? epsilon
    let section = kind == .gemma3 ? "full_attention" : nil
    guard epsilon > 0,
      let rotary = Rotary(config: config, section: section, theta: kind.usualTheta),
      config["partial_rotary_factor"]?.double ?? 1 == 1,
      config["use_bidirectional_attention"]?.bool != true
    else { return false }
    self.rotary = rotary
    if kind == .gemma3 {
      let local = config["rope_parameters"]?["sliding_attention"]?["rope_theta"]?.double
      localRotary = Rotary(theta: local ?? config["rope_local_base_freq"]?.double ?? 10_000)
    }
    if kind.isGemma && kind != .gemma {
      let scalar = config["query_pre_attn_scalar"]?.double ?? 256
      guard scalar > 0 else { return false }
      scale = scalar == Double(headDimension) ? nil : 1 / scalar.squareRoot()
      attentionCap =
        config["attn_logit_softcapping"].map { $0.double ?? 0 } ?? attentionCap
      logitCap = config["final_logit_softcapping"].map { $0.double ?? 0 } ?? logitCap
    }
    // Files of Gemma 1 say `hidden_act: gelu`, and mean this one
    let said = config["hidden_activation"]?.string ?? config["hidden_act"]?.string
    if !kind.isGemma, let said {
      guard let activation = Activation(transformers: said) else { return false }
      self.activation = activation
    }
    adoptWindow(config)
    return true
  }

  private mutating func adoptWindow(_ config: JSONValue) {
    let size = config["sliding_window"]?.integer
    let listed = config["layer_types"]?.array?.map { $0.string == "sliding_attention" }
    let last = config["max_window_layers"]?.integer ?? 28
    let pattern = config["sliding_window_pattern"]?.integer ?? 6
    switch kind {
    case .llama, .gemma: break
    case .mistral: self = windowed(size) { _ in true }
    case .qwen2, .qwen3:
      let isUsed = config["use_sliding_window"]?.bool ?? false
      self = windowed(isUsed ? size : nil) { listed?[orFalse: $0] ?? ($0 >= last) }
    case .gemma2:
      self = windowed(size ?? 4096) { listed?[orFalse: $0] ?? ($0 % 2 == 0) }
    case .gemma3:
      self = windowed(size ?? 4096) {
        listed?[orFalse: $0] ?? (pattern > 0 && ($0 + 1) % pattern != 0)
      }
    }
    if let window, window < 1 { self = windowed(nil) { _ in false } }
  }

  private var activationName: String {
    activation == .geluTanh ? "gelu_pytorch_tanh" : activation.rawValue
  }

  /// The configuration as transformers has it.
  public var huggingFaceConfiguration: JSONValue {
    var config: Sidecars = [
      "architectures": [.string(kind.className + DecoderHead.suffix(of: head))],
      "model_type": .string(kind == .gemma3 ? "gemma3_text" : kind.rawValue),
      "vocab_size": .integer(vocabulary),
      "hidden_size": .integer(hiddenSize),
      "intermediate_size": .integer(intermediateSize),
      "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(queryHeads),
      "num_key_value_heads": .integer(keyValueHeads),
      "head_dim": .integer(headDimension),
      "max_position_embeddings": .integer(contextLength),
      "rms_norm_eps": .number(epsilon),
      "rope_theta": .number(rotary.theta),
      "rope_scaling": rotary.scalingConfiguration,
      "tie_word_embeddings": .bool(isTied),
      "attention_bias": .bool(hasQueryBiases),
      "attention_dropout": 0.0,
    ]
    if kind == .llama { config["mlp_bias"] = .bool(hasFeedForwardBiases) }
    config["hidden_act"] = .string(activationName)
    if kind.isGemma { config["hidden_activation"] = .string(activationName) }
    if kind == .gemma2 || kind == .gemma3 {
      let scalar = scale.map { 1 / ($0 * $0) } ?? Double(headDimension)
      config["query_pre_attn_scalar"] = .integer(Int(scalar.rounded()))
      config["attn_logit_softcapping"] = attentionCap > 0 ? .number(attentionCap) : .null
      config["final_logit_softcapping"] = logitCap > 0 ? .number(logitCap) : .null
    }
    if let localRotary { config["rope_local_base_freq"] = .number(localRotary.theta) }
    if kind != .llama, kind != .gemma {
      config["sliding_window"] = window.map { .integer($0) } ?? .null
      if kind == .qwen2 || kind == .qwen3 { config["use_sliding_window"] = .bool(window != nil) }
      if kind != .mistral {
        config["layer_types"] = .array(
          (0..<layers).map {
            self.window(ofLayer: $0) == nil ? "full_attention" : "sliding_attention"
          })
      }
    }
    config.merge(DecoderHead.facts(of: head)) { $1 }
    return .object(config)
  }
}

extension DecoderConfiguration.Kind {
  /// What stands before the names of transformers' models that find answers; `model` in all others.
  var baseOfAnswers: String {
    switch self {
    case .llama, .qwen2, .qwen3: "transformer"
    case .mistral, .gemma, .gemma2, .gemma3: "model"
    }
  }

  /// What transformers' classes of it begin with.
  var className: String {
    switch self {
    case .llama: "Llama"
    case .mistral: "Mistral"
    case .qwen2: "Qwen2"
    case .qwen3: "Qwen3"
    case .gemma: "Gemma"
    case .gemma2: "Gemma2"
    case .gemma3: "Gemma3"
    }
  }
}

extension [Bool] {
  /// The element there, or false beyond the end.
  fileprivate subscript(orFalse index: Int) -> Bool { indices.contains(index) && self[index] }
}
