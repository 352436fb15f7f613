import Formats
import JSON
import OrderedCollections
import Tensors

/// ResNet, ResNeXt and Wide ResNet, in all their versions.
public struct ResNet: ModelFamily {
  public let name = "ResNet"
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.torchvision, anchor: "layer1.0.conv1.weight"),
      DialectSigns(
        .huggingFace, anchor: "encoder.stages.0.layers.0.layer.0.convolution.weight",
        basePrefix: "resnet."),
      DialectSigns(.kerasApplications, anchor: "conv2_block1_1_conv.weight"),
      DialectSigns(.kerasHub, anchor: "stack0_block0_1_conv.weight"),
      DialectSigns(.timm, anchor: "stages.0.blocks.0.conv1.weight"),
    ]
  }

  public var variants: [ModelVariant] {
    Self.named.map { ModelVariant($0.0, $0.1) }
  }

  static let named: [(String, ResNetConfiguration)] = {
    let fifty = [3, 4, 6, 3]
    let hundred = [3, 4, 23, 3]
    let hundredFifty = [3, 8, 36, 3]
    let twice = [128, 256, 512, 1024]
    func keras(_ depths: [Int], _ version: ResNetConfiguration.Version) -> ResNetConfiguration {
      ResNetConfiguration(
        .bottleneck, depths: depths, version: version, hasBiases: version == .v1,
        epsilon: 1.001e-5, interface: Interface(.kerasApplications))
    }
    return [
      ("ResNet-18", .init(.basic, depths: [2, 2, 2, 2])),
      ("ResNet-34", .init(.basic, depths: fifty)),
      ("ResNet-50", .init(.bottleneck, depths: fifty)),
      ("ResNet-101", .init(.bottleneck, depths: hundred)),
      ("ResNet-152", .init(.bottleneck, depths: hundredFifty)),
      ("ResNeXt-50 32x4d", .init(.bottleneck, depths: fifty, innerWidths: twice, groups: 32)),
      (
        "ResNeXt-101 32x8d",
        .init(.bottleneck, depths: hundred, innerWidths: twice.map { $0 * 2 }, groups: 32)
      ),
      (
        "ResNeXt-101 64x4d",
        .init(.bottleneck, depths: hundred, innerWidths: twice.map { $0 * 2 }, groups: 64)
      ),
      ("Wide ResNet-50-2", .init(.bottleneck, depths: fifty, innerWidths: twice)),
      ("Wide ResNet-101-2", .init(.bottleneck, depths: hundred, innerWidths: twice)),
      ("ResNet-50 v1", keras(fifty, .v1)),
      ("ResNet-101 v1", keras(hundred, .v1)),
      ("ResNet-152 v1", keras(hundredFifty, .v1)),
      ("ResNet-50 v2", keras(fifty, .v2LastBlock)),
      ("ResNet-101 v2", keras(hundred, .v2LastBlock)),
      ("ResNet-152 v2", keras(hundredFifty, .v2LastBlock)),
    ]
  }()

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let preActivated: Bool
    switch dialect {
    case .timm: preActivated = true
    case .kerasApplications: preActivated = shapes["conv2_block1_preact_bn.weight"] != nil
    case .kerasHub: preActivated = shapes["stack0_block0_pre_activation_bn.weight"] != nil
    default: preActivated = false
    }
    let map = ResNetConfiguration.nameMap(
      for: dialect, preActivated: preActivated, block: .bottleneck)
    guard let map, let seen = ResNetConfiguration(canonical: shapes.mapped(by: map)) else {
      return nil
    }
    var configuration = seen
    configuration.interface = Interface(dialect, sidecars: sidecars)
    configuration.version = preActivated ? .v2 : .v1_5
    if dialect == .kerasApplications {
      configuration.version = preActivated ? .v2LastBlock : .v1
      configuration.epsilon = 1.001e-5
    }
    if dialect == .huggingFace, let config = sidecars["config.json"] {
      guard config["hidden_act"]?.string ?? "relu" == "relu" else { return nil }
      if config["downsample_in_bottleneck"]?.bool == true { configuration.version = .v1 }
      configuration.downsamplesInFirstStage = config["downsample_in_first_stage"]?.bool ?? false
    }
    return configuration
  }
}

extension ResNetConfiguration {
  /// What the shapes of weights under canonical names show; nil when they are no ResNet's.
  init?(canonical shapes: NamedShapes) {
    guard let stem = shapes["conv1.weight"], stem.rank == 4, stem[2] == stem[3], stem[2] % 2 == 1,
      stem[0] > 0
    else { return nil }
    // Blocks are counted, not looked for one by one, so that one tensor that is missing is one that is missing.
    let blocks = shapes.numbers(in: "layer{s}.{b}.*", "s", "b")
    func find(_ stage: String, _ part: String) -> Shape? {
      shapes.first { $0.hasPrefix(stage) && $0.hasSuffix(part) }
    }
    let isBottleneck = find("layer1.", ".conv3.weight") != nil
    self.init(
      isBottleneck ? .bottleneck : .basic, depths: [], widths: [], innerWidths: [],
      classes: nil, stemWidth: stem[0], hasBiases: shapes["layer1.0.conv1.bias"] != nil)
    inputChannels = stem[1]
    stemKernel = stem[2]
    while let depth = blocks[depths.count + 1]?.count, depths.count < 64 {
      let stage = "layer\(depths.count + 1)."
      guard let first = find(stage, ".conv1.weight"), first.rank == 4, first[0] > 0,
        let output = find(stage, isBottleneck ? ".conv3.weight" : ".conv2.weight"), output.rank == 4
      else { return nil }
      if isBottleneck {
        guard let middle = find(stage, ".conv2.weight"), middle.rank == 4, middle[1] > 0,
          middle[0] % middle[1] == 0, middle[0] > 0
        else { return nil }
        groups = middle[0] / middle[1]
      }
      depths.append(depth)
      widths.append(output[0])
      innerWidths.append(first[0])
    }
    guard !depths.isEmpty else { return nil }
    if let head = shapes["fc.weight"] { classes = head.isEmpty ? nil : head[0] }
  }
}
