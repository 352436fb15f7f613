import Formats
import Images
import JSON
import OrderedCollections

extension VisionTransformerConfiguration: ModelConfiguration {
  public var family: String { kind.rawValue }

  /// The name under which it was published, or its sizes.
  public var variant: String {
    let known = Self.named.first { _, other in
      (other.kind == kind || kind.isDINO && other.kind.isDINO) && other.hidden == hidden
        && other.layers == layers
        && other.patch == patch && other.grid == grid && other.feedForward == feedForward
        && other.heads == heads
    }
    if let known { return known.0 }
    return "\(kind.rawValue) (\(layers) layers, \(hidden) wide, patches of \(patch))"
  }

  public var classes: Int? {
    switch head {
    case nil: nil
    case .first(let count), .firstAndMean(let count), .distilled(let count): count
    }
  }

  public func preprocessing(for dialect: Dialect) -> Preprocessing? {
    let size = Preprocessing.Size(height: image, width: image)
    var preprocessing: Preprocessing =
      switch dialect {
      case .torchvision: .torchvision(crop: image)
      case .timm: .timm
      default:
        !kind.isDINO && kind != .deit
          ? Preprocessing(
            resize: .exactly(height: image, width: image), mean: [0.5, 0.5, 0.5],
            standardDeviation: [0.5, 0.5, 0.5])
          : .convNextProcessor
      }
    if preprocessing.crop != nil { preprocessing.crop = size }
    if kind.isDINO || kind == .deit, image != 224 {
      // As much around the middle as at 224 pixels
      preprocessing.resize = .shortestEdge(image * 256 / 224)
    }
    if dialect == .timm {
      preprocessing.resize = .shortestEdge(Int((Double(image) / 0.9).rounded(.down)))
      if kind == .vit, !hasPreNorm {
        preprocessing.mean = [0.5, 0.5, 0.5]
        preprocessing.standardDeviation = [0.5, 0.5, 0.5]
      }
    }
    return preprocessing
  }

  public var hiddenFacts: JSONValue? { .object(transformersConfiguration(labels: nil)) }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    guard dialect == .huggingFace else { return [:] }
    var files: Sidecars = ["config.json": .object(transformersConfiguration(labels: labels))]
    if let preprocessing {
      let name =
        switch kind {
        case .vit: "ViTImageProcessor"
        case .deit: "DeiTImageProcessor"
        case .dinov2, .dinov2WithRegisters: "BitImageProcessor"
        }
      files["preprocessor_config.json"] = preprocessing.processorConfiguration(name)
    }
    return files
  }

  /// `config.json` as transformers would write the parts of it that matter.
  func transformersConfiguration(labels: [String]?) -> Sidecars {
    let (type, prefix) =
      switch kind {
      case .vit: ("vit", "ViT")
      case .deit: ("deit", "DeiT")
      case .dinov2: ("dinov2", "Dinov2")
      case .dinov2WithRegisters: ("dinov2_with_registers", "Dinov2WithRegisters")
      }
    let suffix =
      switch head {
      case nil: "Model"
      case .distilled: "ForImageClassificationWithTeacher"
      case .first, .firstAndMean: "ForImageClassification"
      }
    var config: Sidecars = [
      "architectures": [.string(prefix + suffix)],
      "model_type": .string(type),
      "hidden_size": .integer(hidden),
      "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads),
      "num_channels": .integer(channels),
      "image_size": .integer(grid * patch),
      "patch_size": .integer(patch),
      "hidden_act": .string(activation.rawValue),
      "layer_norm_eps": .number(epsilon),
      "qkv_bias": .bool(hasBiases),
    ]
    switch feedForward {
    case .plain(let width):
      if kind.isDINO {
        config["mlp_ratio"] = .integer(width / max(hidden, 1))
        config["use_swiglu_ffn"] = false
      } else {
        config["intermediate_size"] = .integer(width)
      }
    case .gated:
      config["mlp_ratio"] = 4
      config["use_swiglu_ffn"] = true
    }
    if registers > 0 { config["num_register_tokens"] = .integer(registers) }
    if kind == .dinov2 { config["use_mask_token"] = .bool(hasMaskToken) }
    if classes != nil { config.addLabels(labels, classes: classes) }
    return config
  }
}
