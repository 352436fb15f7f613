import Formats
import Images
import JSON
import OrderedCollections

extension ResNetConfiguration: ModelConfiguration {
  public var family: String { "ResNet" }

  /// The paper's name, or depth and widths where they are unusual.
  public var variant: String {
    var plain = self
    plain.classes = 1000
    plain.interface = Interface(.torchvision)
    for (name, other) in ResNet.named {
      var other = other
      other.interface = plain.interface
      if other == plain { return name }
      // The same sizes in another version: the stride's place, the biases and epsilons differ.
      other.version = plain.version
      other.hasBiases = plain.hasBiases
      other.epsilon = plain.epsilon
      if other == plain, !name.contains(" v") {
        return switch version {
        case .v1: "\(name) v1"
        case .v1_5: name
        case .v2, .v2LastBlock: "\(name) v2"
        }
      }
    }
    let layers = depths.reduce(0, +) * (block == .basic ? 2 : 3) + 2
    let inner = groups > 1 ? ", \(groups) groups" : ""
    return "ResNet-\(layers)\(isPreActivated ? " v2" : "") "
      + "(blocks \(list(depths)), widths \(list(widths))\(inner))"
  }

  private func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: "-") }

  public func adapted(to dialect: Dialect) -> Adaptation {
    let name = variant
    var target = self
    target.interface = Interface(dialect)
    target.interface.endsInSoftmax = interface.endsInSoftmax
    var reasons: [String] = []
    guard nameMap(for: dialect) != nil else {
      return .impossible("\(dialect) has no pre-activated ResNet (v2), and this is one")
    }
    switch dialect {
    case .torchvision, .timm, .huggingFace, .kerasHub:
      if version == .v1 && dialect != .huggingFace && block == .bottleneck {
        reasons.append(
          "its strides stand in the first 1×1 convolutions (v1), not in the 3×3 (v1.5)")
      }
      if version == .v2LastBlock {
        reasons.append("its strides stand in the last block of a stage, not in the first")
      }
      if hasBiases || version == .v2LastBlock { reasons.append("its convolutions have biases") }
      if abs(epsilon - 1e-5) > 1e-12 {
        reasons.append("its BatchNorm epsilon is \(epsilon), not 1e-05")
      }
      if downsamplesInFirstStage && dialect != .huggingFace {
        reasons.append("its first stage has the stride 2")
      }
      if dialect == .huggingFace { reasons += huggingFaceObstacles }
      if dialect == .kerasHub && (groups != 1 || stemKernel != 7) {
        reasons.append("KerasHub's ResNet has no groups, and a 7×7 stem")
      }
    default:
      let wanted: Version = isPreActivated ? .v2LastBlock : .v1
      if block == .basic { reasons.append("keras.applications has no ResNet of basic blocks") }
      if version != wanted {
        reasons.append(
          isPreActivated
            ? "its strides stand in the first block of a stage, not in the last"
            : "its strides stand in the 3×3 convolutions (v1.5), not in the first 1×1 (v1)")
      }
      if !hasBiases && !isPreActivated { reasons.append("its convolutions have no biases") }
      if abs(epsilon - 1.001e-5) > 1e-12 {
        reasons.append("its BatchNorm epsilon is \(epsilon), not 1.001e-05")
      }
    }
    guard reasons.isEmpty else {
      return .impossible(
        "the same name, another architecture: in this \(name), compared with that of \(dialect), "
          + reasons.joined(separator: "; "))
    }
    return .possible(target)
  }

  /// What transformers' `ResNetConfig` cannot say.
  private var huggingFaceObstacles: [String] {
    var reasons: [String] = []
    let reduced = block == .bottleneck ? widths.map { $0 / 4 } : widths
    if groups != 1 { reasons.append("it has convolutions in \(groups) groups") }
    if reduced != innerWidths { reasons.append("its blocks are not a quarter as wide inside") }
    if stemKernel != 7 { reasons.append("its first convolution is \(stemKernel)×\(stemKernel)") }
    return reasons
  }

  public func preprocessing(for dialect: Dialect) -> Preprocessing? {
    switch dialect {
    case .timm: .timm
    case .huggingFace: .convNextProcessor
    case .kerasApplications: isPreActivated ? .kerasTF : .kerasCaffe
    case .kerasHub: .kerasTorch
    default: .torchvision()
    }
  }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    guard dialect == .huggingFace else { return [:] }
    var config: Sidecars = [
      "architectures": [.string(classes == nil ? "ResNetModel" : "ResNetForImageClassification")],
      "model_type": "resnet",
      "layer_type": .string(block == .basic ? "basic" : "bottleneck"),
      "num_channels": .integer(inputChannels),
      "embedding_size": .integer(stemWidth),
      "hidden_sizes": .array(widths.map { .integer($0) }),
      "depths": .array(depths.map { .integer($0) }),
      "hidden_act": "relu",
      "downsample_in_first_stage": .bool(downsamplesInFirstStage),
      "downsample_in_bottleneck": .bool(version == .v1),
    ]
    config.addLabels(labels, classes: classes)
    var sidecars: Sidecars = ["config.json": .object(config)]
    sidecars["preprocessor_config.json"] = preprocessing?.processorConfiguration(
      "ConvNextImageProcessor")
    return sidecars
  }
}
