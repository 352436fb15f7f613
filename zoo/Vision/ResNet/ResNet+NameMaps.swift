import Formats
import Tensors

/// What the libraries call a ResNet's parts; ours are torchvision's names.
extension ResNetConfiguration {
  public func nameMap(for dialect: Dialect) -> NameMap? {
    Self.nameMap(for: dialect, preActivated: isPreActivated, block: block)
  }

  static func nameMap(for dialect: Dialect, preActivated: Bool, block: Block) -> NameMap? {
    let rules: [NameRule]
    switch (dialect, preActivated) {
    case (.torchvision, false), (.timm, false): rules = [.rename("*", "*")]
    case (.timm, true): rules = timmV2
    case (.huggingFace, false): rules = huggingFace
    case (.kerasApplications, false): rules = kerasApplications
    case (.kerasApplications, true): rules = kerasApplicationsV2
    case (.kerasHub, false): rules = kerasHub
    case (.kerasHub, true): rules = kerasHubV2
    default: return nil
    }
    // PyTorch before 0.4.1 and Keras do not count batches. For Keras the rule stands first, so that counters are left
    // out on the way there.
    let counter = NameRule.synthesise(
      "*.num_batches_tracked", NameRule.StandIn(0, dataType: .int64))
    return NameMap(dialect.isChannelsLast ? [counter] + rules : rules + [counter])
  }

  private static let huggingFace: [NameRule] = [
    .rename("resnet.embedder.embedder.convolution.*", "conv1.*"),
    .rename("resnet.embedder.embedder.normalization.*", "bn1.*"),
    .rename(
      "resnet.encoder.stages.{s-1}.layers.{b}.layer.{i-1}.convolution.*", "layer{s}.{b}.conv{i}.*"),
    .rename(
      "resnet.encoder.stages.{s-1}.layers.{b}.layer.{i-1}.normalization.*", "layer{s}.{b}.bn{i}.*"),
    .rename(
      "resnet.encoder.stages.{s-1}.layers.{b}.shortcut.convolution.*",
      "layer{s}.{b}.downsample.0.*"),
    .rename(
      "resnet.encoder.stages.{s-1}.layers.{b}.shortcut.normalization.*",
      "layer{s}.{b}.downsample.1.*"),
    .rename("classifier.1.*", "fc.*"),
  ]

  private static let kerasApplications: [NameRule] = [
    .rename("conv1_conv.*", "conv1.*"),
    .rename("conv1_bn.*", "bn1.*"),
    .rename("conv{s+1}_block{b+1}_0_conv.*", "layer{s}.{b}.downsample.0.*"),
    .rename("conv{s+1}_block{b+1}_0_bn.*", "layer{s}.{b}.downsample.1.*"),
    .rename("conv{s+1}_block{b+1}_{i}_conv.*", "layer{s}.{b}.conv{i}.*"),
    .rename("conv{s+1}_block{b+1}_{i}_bn.*", "layer{s}.{b}.bn{i}.*"),
    .rename("predictions.*", "fc.*"),
  ]

  private static let kerasApplicationsV2: [NameRule] = [
    .rename("conv1_conv.*", "conv1.*"),
    .rename("conv{s+1}_block{b+1}_preact_bn.*", "layer{s}.{b}.norm1.*"),
    .rename("conv{s+1}_block{b+1}_{i-1}_bn.*", "layer{s}.{b}.norm{i}.*"),
    .rename("conv{s+1}_block{b+1}_0_conv.*", "layer{s}.{b}.downsample.0.*"),
    .rename("conv{s+1}_block{b+1}_{i}_conv.*", "layer{s}.{b}.conv{i}.*"),
    .rename("post_bn.*", "norm.*"),
    .rename("predictions.*", "fc.*"),
  ]

  private static let kerasHub: [NameRule] = [
    .rename("conv1_conv.*", "conv1.*"),
    .rename("conv1_bn.*", "bn1.*"),
    .rename("stack{s-1}_block{b}_0_conv.*", "layer{s}.{b}.downsample.0.*"),
    .rename("stack{s-1}_block{b}_0_bn.*", "layer{s}.{b}.downsample.1.*"),
    .rename("stack{s-1}_block{b}_{i}_conv.*", "layer{s}.{b}.conv{i}.*"),
    .rename("stack{s-1}_block{b}_{i}_bn.*", "layer{s}.{b}.bn{i}.*"),
    .rename("predictions.*", "fc.*"),
  ]

  private static let kerasHubV2: [NameRule] = [
    .rename("conv1_conv.*", "conv1.*"),
    .rename("stack{s-1}_block{b}_pre_activation_bn.*", "layer{s}.{b}.norm1.*"),
    .rename("stack{s-1}_block{b}_{i-1}_bn.*", "layer{s}.{b}.norm{i}.*"),
    .rename("stack{s-1}_block{b}_0_conv.*", "layer{s}.{b}.downsample.0.*"),
    .rename("stack{s-1}_block{b}_{i}_conv.*", "layer{s}.{b}.conv{i}.*"),
    .rename("post_bn.*", "norm.*"),
    .rename("predictions.*", "fc.*"),
  ]

  private static let timmV2: [NameRule] = [
    .rename("stem.conv.*", "conv1.*"),
    .rename("stages.{s-1}.blocks.{b}.downsample.conv.*", "layer{s}.{b}.downsample.0.*"),
    .rename("stages.{s-1}.blocks.{b}.norm{i}.*", "layer{s}.{b}.norm{i}.*"),
    .rename("stages.{s-1}.blocks.{b}.conv{i}.*", "layer{s}.{b}.conv{i}.*"),
    .rename("norm.*", "norm.*"),
    .rename("head.fc.weight", "fc.weight", .reshape(from: [0, 0, 1, 1], to: [0, 0])),
    .rename("head.fc.bias", "fc.bias"),
  ]
}
