import Formats
import Tensors

/// What the libraries call a MobileNetV2's parts; ours are torchvision's names.
extension MobileNetV2Configuration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    let last = "features.\(places.count + 1)"
    let counter = NameRule.synthesise(
      "*.num_batches_tracked", NameRule.StandIn(0, dataType: .int64))
    switch dialect {
    case .torchvision: return NameMap([.rename("*", "*"), counter])
    case .timm: return NameMap(timm(last: last) + [counter])
    case .huggingFace: return NameMap(Self.huggingFace(last: last) + [counter])
    // Keras does not count batches: the rule stands first, so that counters are left out on the way there.
    case .kerasApplications: return NameMap([counter] + Self.kerasApplications(last: last))
    default: return nil
    }
  }

  private static func rename(_ theirs: String, _ ours: String) -> NameRule {
    .rename(NamePattern(theirs + ".*"), NamePattern(ours + ".*"))
  }

  private func timm(last: String) -> [NameRule] {
    var rules = [
      Self.rename("conv_stem", "features.0.0"), Self.rename("bn1", "features.0.1"),
      Self.rename("conv_head", "\(last).0"), Self.rename("bn2", "\(last).1"),
      Self.rename("classifier", "classifier.1"),
    ]
    for (number, place) in places.enumerated() {
      let theirs = "blocks.\(place.stage).\(place.index)"
      let ours = "features.\(number + 1).conv"
      let parts =
        number == 0
        ? [("conv_dw", "0.0"), ("bn1", "0.1"), ("conv_pw", "1"), ("bn2", "2")]
        : [
          ("conv_pw", "0.0"), ("bn1", "0.1"), ("conv_dw", "1.0"), ("bn2", "1.1"), ("conv_pwl", "2"),
          ("bn3", "3"),
        ]
      rules += parts.map { Self.rename("\(theirs).\($0.0)", "\(ours).\($0.1)") }
    }
    return rules
  }

  private static func huggingFace(last: String) -> [NameRule] {
    let model = "mobilenet_v2"
    let stem = "\(model).conv_stem"
    let layer = "\(model).layer.{i}"
    let block = "features.{i+2}.conv"
    return [
      ("\(stem).first_conv", "features.0.0", "features.0.1"),
      ("\(stem).conv_3x3", "features.1.conv.0.0", "features.1.conv.0.1"),
      ("\(stem).reduce_1x1", "features.1.conv.1", "features.1.conv.2"),
      ("\(layer).expand_1x1", "\(block).0.0", "\(block).0.1"),
      ("\(layer).conv_3x3", "\(block).1.0", "\(block).1.1"),
      ("\(layer).reduce_1x1", "\(block).2", "\(block).3"),
      ("\(model).conv_1x1", "\(last).0", "\(last).1"),
    ].flatMap { theirs, convolution, normalization in
      [
        rename("\(theirs).convolution", convolution),
        rename("\(theirs).normalization", normalization),
      ]
    } + [rename("classifier", "classifier.1")]
  }

  private static func kerasApplications(last: String) -> [NameRule] {
    let block = "features.{i+1}.conv"
    return [
      rename("Conv1", "features.0.0"), rename("bn_Conv1", "features.0.1"),
      rename("expanded_conv_depthwise", "features.1.conv.0.0"),
      rename("expanded_conv_depthwise_BN", "features.1.conv.0.1"),
      rename("expanded_conv_project", "features.1.conv.1"),
      rename("expanded_conv_project_BN", "features.1.conv.2"),
      rename("block_{i}_expand", "\(block).0.0"), rename("block_{i}_expand_BN", "\(block).0.1"),
      rename("block_{i}_depthwise", "\(block).1.0"),
      rename("block_{i}_depthwise_BN", "\(block).1.1"),
      rename("block_{i}_project", "\(block).2"), rename("block_{i}_project_BN", "\(block).3"),
      rename("Conv_1", "\(last).0"), rename("Conv_1_bn", "\(last).1"),
      rename("predictions", "classifier.1"),
      // Before Keras 2.4.
      rename("Logits", "classifier.1"),
    ]
  }
}
