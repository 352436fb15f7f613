import Formats
import Images
import JSON
import OrderedCollections

extension MobileNetV2Configuration: ModelConfiguration {
  public var family: String { "MobileNetV2" }

  /// The usual name with its width multiplier, or the widths where they are unusual.
  public var variant: String {
    var plain = self
    plain.classes = 1000
    plain.interface = Interface(.torchvision)
    plain.padsAsTensorFlow = false
    plain.shortensFirstBlock = true
    plain.epsilon = 1e-5
    if let name = MobileNetV2.named.first(where: { $0.1 == plain })?.0 { return name }
    let list = widths.map(String.init).joined(separator: "-")
    return "MobileNetV2 (widths \(list))"
  }

  public func adapted(to dialect: Dialect) -> Adaptation {
    var target = self
    target.interface = Interface(dialect)
    target.interface.endsInSoftmax = interface.endsInSoftmax
    var reasons: [String] = []
    guard nameMap(for: dialect) != nil else {
      return .impossible("\(dialect) has no MobileNetV2 in this form")
    }
    if dialect == .huggingFace {
      if huggingFaceWidths == nil { reasons.append("its widths follow no width multiplier") }
    } else {
      let wanted = dialect == .kerasApplications
      if padsAsTensorFlow != wanted {
        reasons.append(
          wanted
            ? "its strided convolutions are padded on both sides, not at the end as in TensorFlow"
            : "its strided convolutions are padded at the end as in TensorFlow, not on both sides")
      }
      if abs(epsilon - (wanted ? 1e-3 : 1e-5)) > 1e-12 {
        reasons.append("its BatchNorm epsilon is \(epsilon), not \(wanted ? "0.001" : "1e-05")")
      }
      if dialect != .timm && depths != Self.usualDepths {
        reasons.append("it has more blocks than the usual 17")
      }
    }
    target.shortensFirstBlock = dialect != .huggingFace
    if target.shortensFirstBlock != shortensFirstBlock, stemWidth == widths[0] {
      reasons.append(
        shortensFirstBlock ? "its first block has a shortcut" : "its first block has no shortcut")
    }
    guard reasons.isEmpty else {
      return .impossible(
        "the same name, another architecture: in this \(variant), compared with that of \(dialect), "
          + reasons.joined(separator: "; "))
    }
    return .possible(target)
  }

  /// The `depth_multiplier` and `finegrained_output` with which transformers gets these widths.
  private var huggingFaceWidths: (multiplier: Double, isFineGrained: Bool)? {
    guard depths == Self.usualDepths else { return nil }
    let usual = [1, 1.4, 1.3, 0.75, 0.5, 0.35]
    for multiplier in usual + (1...300).map({ Double($0) / 100 }) {
      func scaled(_ width: Int) -> Int {
        Self.rounded(Int((Double(width) * multiplier).rounded(.toNearestOrEven)), 1)
      }
      let widths = Self.usualWidths.map(scaled)
      guard widths == self.widths, scaled(32) == stemWidth,
        expandedWidths == Self.usualExpansion(depths: depths, widths: widths, stem: stemWidth)
      else { continue }
      if multiplier < 1, lastWidth == 1280 { return (multiplier, true) }
      if lastWidth == scaled(1280) { return (multiplier, multiplier >= 1) }
    }
    return nil
  }

  public func preprocessing(for dialect: Dialect) -> Preprocessing? {
    switch dialect {
    case .timm: .timm
    case .huggingFace: .mobileNetProcessor
    case .kerasApplications: .kerasTF
    default: .torchvision()
    }
  }

  public func sidecars(
    for dialect: Dialect, labels: [String]?, preprocessing: Preprocessing?
  ) -> Sidecars {
    guard dialect == .huggingFace, let scaling = huggingFaceWidths else { return [:] }
    let kind = classes == nil ? "MobileNetV2Model" : "MobileNetV2ForImageClassification"
    var config: Sidecars = [
      "architectures": [.string(kind)],
      "model_type": "mobilenet_v2",
      "num_channels": .integer(inputChannels),
      "image_size": .integer(preprocessing?.outputSize?.height ?? 224),
      "depth_multiplier": .number(scaling.multiplier),
      "depth_divisible_by": 8,
      "min_depth": 8,
      "expand_ratio": 6.0,
      "output_stride": 32,
      "first_layer_is_expansion": true,
      "finegrained_output": .bool(scaling.isFineGrained),
      "hidden_act": "relu6",
      "tf_padding": .bool(padsAsTensorFlow),
      "layer_norm_eps": .number(epsilon),
    ]
    config.addLabels(labels, classes: classes)
    var sidecars: Sidecars = ["config.json": .object(config)]
    sidecars["preprocessor_config.json"] = preprocessing?.processorConfiguration(
      "MobileNetV2ImageProcessor")
    return sidecars
  }
}
