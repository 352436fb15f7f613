import Formats
import Images
import JSON
import OrderedCollections

extension ModernBERTConfiguration: ModelConfiguration {
  public var family: String { "ModernBERT" }

  public var variant: String {
    named?.name ?? "ModernBERT (\(layers) layers, \(hidden) wide, \(heads) heads)"
  }

  public var task: ModelTask { EncoderConfiguration.task(of: head) }
  public var classes: Int? { EncoderConfiguration.classes(of: head) }

  public func nameMap(for dialect: Dialect) -> NameMap? {
    switch (dialect, head) {
    case (.huggingFace, _): NameMap(Self.huggingFace)
    // llama.cpp has no place for other heads
    case (.gguf, nil), (.gguf, .text?): NameMap(Self.gguf)
    default: nil
    }
  }

  public func adapted(to dialect: Dialect) -> Adaptation {
    nameMap(for: dialect) == nil
      ? .impossible("\(dialect) has no ModernBERT\(head == nil ? "" : " with such a head")")
      : .possible(self)
  }

  public var hiddenFacts: JSONValue? { .object(transformersConfiguration(labels: nil)) }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    guard dialect == .huggingFace || dialect == .gguf else { return [:] }
    return ["config.json": .object(transformersConfiguration(labels: labels))]
  }

  /// `config.json` as transformers would write the parts of it that matter.
  func transformersConfiguration(labels: [String]?) -> Sidecars {
    let kinds = (0..<layers).map { index -> JSONValue in
      globalLayers.contains(index) ? "full_attention" : "sliding_attention"
    }
    var config: Sidecars = [
      "architectures": [.string("ModernBert" + EncoderConfiguration.suffix(of: head))],
      "model_type": "modernbert",
      "vocab_size": .integer(vocabulary),
      "hidden_size": .integer(hidden),
      "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads),
      "intermediate_size": .integer(intermediate),
      "hidden_activation": .string(activation.rawValue),
      "classifier_activation": .string(headActivation.rawValue),
      "classifier_pooling": .string(classifiesByMean ? "mean" : "cls"),
      "max_position_embeddings": .integer(positions),
      "local_attention": .integer(2 * window),
      "layer_types": .array(kinds),
      "rope_parameters": [
        "full_attention": ["rope_theta": .number(globalRotary.theta), "rope_type": "default"],
        "sliding_attention": ["rope_theta": .number(localRotary.theta), "rope_type": "default"],
      ],
      "norm_eps": .number(epsilon),
      "norm_bias": .bool(biases.norm),
      "attention_bias": .bool(biases.attention),
      "mlp_bias": .bool(biases.feedForward),
      "classifier_bias": .bool(biases.head),
      "decoder_bias": .bool(biases.decoder || head != .maskedTokens),
      "pad_token_id": .integer(padding),
    ]
    if hasOwnDecoder { config["tie_word_embeddings"] = false }
    if let problemType { config["problem_type"] = .string(problemType) }
    if classes != nil { config.addLabels(labels, classes: classes) }
    return config
  }
}
