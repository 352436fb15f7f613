import Formats
import Images
import JSON
import OrderedCollections

extension CLIPConfiguration: ModelConfiguration {
  public var family: String { "CLIP" }

  /// The name under which it was published, or its sizes.
  public var variant: String {
    let known = Self.named.first { _, other in
      other.vision == vision && other.text == text && other.patch == patch && other.image == image
    }
    return known?.0
      ?? "CLIP (\(vision.layers) and \(text.layers) layers, \(vision.hidden) and \(text.hidden) wide)"
  }

  public var task: ModelTask { .imageTextMatching }
  public var classes: Int? { nil }

  public func adapted(to dialect: Dialect) -> Adaptation {
    guard nameMap(for: dialect) != nil else { return .impossible("\(dialect) has no CLIP") }
    guard dialect != .openAI || vision.activation == text.activation else {
      return .impossible("its two towers have different activations")
    }
    return .possible(self)
  }

  public func preprocessing(for dialect: Dialect) -> Preprocessing? {
    Preprocessing(
      resize: .shortestEdge(image), interpolation: .bicubic,
      crop: Preprocessing.Size(height: image, width: image),
      roundsMarginsDown: dialect == .huggingFace,
      mean: [0.48145466, 0.4578275, 0.40821073],
      standardDeviation: [0.26862954, 0.26130258, 0.27577711])
  }

  public var hiddenFacts: JSONValue? { .object(transformersConfiguration) }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    guard dialect == .huggingFace else { return [:] }
    var files: Sidecars = ["config.json": .object(transformersConfiguration)]
    if let preprocessing {
      files["preprocessor_config.json"] = preprocessing.processorConfiguration("CLIPImageProcessor")
    }
    return files
  }

  /// `config.json` as transformers would write the parts of it that matter.
  private var transformersConfiguration: Sidecars {
    func sizes(_ tower: Tower, _ type: String) -> Sidecars {
      [
        "model_type": .string(type),
        "hidden_size": .integer(tower.hidden),
        "num_hidden_layers": .integer(tower.layers),
        "num_attention_heads": .integer(tower.heads),
        "intermediate_size": .integer(tower.intermediate),
        "hidden_act": .string(tower.activation.rawValue),
        "layer_norm_eps": .number(tower.epsilon),
        "projection_dim": .integer(projection),
      ]
    }
    var texts = sizes(text, "clip_text_model")
    texts["vocab_size"] = .integer(vocabulary)
    texts["max_position_embeddings"] = .integer(positions)
    texts["eos_token_id"] = .integer(end ?? 2)
    var pictures = sizes(vision, "clip_vision_model")
    pictures["image_size"] = .integer(image)
    pictures["patch_size"] = .integer(patch)
    pictures["num_channels"] = .integer(channels)
    return [
      "architectures": ["CLIPModel"], "model_type": "clip",
      "projection_dim": .integer(projection), "text_config": .object(texts),
      "vision_config": .object(pictures),
    ]
  }
}
