import Formats
import JSON
import OrderedCollections
import Tensors

/// MobileNetV2 at all its widths and depths.
public struct MobileNetV2: ModelFamily {
  public let name = "MobileNetV2"
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.torchvision, anchor: "features.1.conv.0.0.weight"),
      DialectSigns(.timm, anchor: "blocks.0.0.conv_dw.weight"),
      DialectSigns(
        .huggingFace, anchor: "conv_stem.first_conv.convolution.weight",
        basePrefix: "mobilenet_v2."),
      DialectSigns(.kerasApplications, anchor: "expanded_conv_depthwise.weight"),
    ]
  }

  public var variants: [ModelVariant] { Self.named.map { ModelVariant($0.0, $0.1) } }

  static let named: [(String, MobileNetV2Configuration)] = [
    ("MobileNetV2", .init()),
    ("MobileNetV2 0.35", .init(widthMultiplier: 0.35)),
    ("MobileNetV2 0.5", .init(widthMultiplier: 0.5)),
    ("MobileNetV2 0.75", .init(widthMultiplier: 0.75)),
    ("MobileNetV2 1.3", .init(widthMultiplier: 1.3)),
    ("MobileNetV2 1.4", .init(widthMultiplier: 1.4)),
    (
      "MobileNetV2 110d",
      .init(widthMultiplier: 1.1, depths: [1, 3, 4, 5, 4, 4, 1], keepsStemAndHead: true)
    ),
    (
      "MobileNetV2 120d",
      .init(widthMultiplier: 1.2, depths: [1, 3, 5, 6, 5, 5, 1], keepsStemAndHead: true)
    ),
  ]

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    guard let depths = depths(shapes, dialect) else { return nil }
    var configuration = MobileNetV2Configuration(depths: depths, classes: nil)
    guard let map = configuration.nameMap(for: dialect),
      configuration.readWidths(canonical: shapes.mapped(by: map))
    else { return nil }
    configuration.interface = Interface(dialect, sidecars: sidecars)
    switch dialect {
    case .kerasApplications:
      configuration.padsAsTensorFlow = true
      configuration.epsilon = 1e-3
    case .huggingFace:
      let config = sidecars["config.json"]
      guard config?["hidden_act"]?.string ?? "relu6" == "relu6",
        config?["output_stride"]?.integer ?? 32 == 32,
        config?["first_layer_is_expansion"]?.bool ?? true
      else { return nil }
      configuration.shortensFirstBlock = false
      configuration.padsAsTensorFlow = config?["tf_padding"]?.bool ?? true
      configuration.epsilon = config?["layer_norm_eps"]?.double ?? 1e-3
    default: break
    }
    return configuration
  }

  /// Blocks of each stage, counted by their names.
  private func depths(_ shapes: NamedShapes, _ dialect: Dialect) -> [Int]? {
    if dialect == .timm {
      let blocks = shapes.numbers(in: "blocks.{s}.{b}.*", "s", "b")
      return (0..<7).map { blocks[$0]?.count ?? 0 }
    }
    let form: NamePattern =
      switch dialect {
      case .huggingFace: "mobilenet_v2.layer.{i-1}.*"
      case .kerasApplications: "block_{i}_*"
      default: "features.{i+1}.conv.*"
      }
    // Where a stage ends cannot be told from these names; the depths that are known are told by their sum.
    let numbers = shapes.numbers(in: form, "i", "i").keys.filter { $0 > 0 }
    let known = [MobileNetV2Configuration.usualDepths] + MobileNetV2.named.map(\.1.depths)
    return known.first { $0.reduce(0, +) == numbers.count + 1 }
  }
}

extension MobileNetV2Configuration {
  /// Takes the widths that the shapes of weights under canonical names show; false when they are no MobileNetV2's.
  mutating func readWidths(canonical shapes: NamedShapes) -> Bool {
    func outputs(_ name: String, _ normalization: String) -> Int? {
      guard
        let shape = shapes["\(name).weight"] ?? shapes["\(normalization).weight"], !shape.isEmpty,
        shape[0] > 0
      else { return nil }
      return shape[0]
    }
    guard depths.allSatisfy({ $0 > 0 }), let stem = shapes["features.0.0.weight"], stem.rank == 4,
      stem[0] > 0,
      let last = outputs(
        "features.\(places.count + 1).0", "features.\(places.count + 1).1")
    else { return false }
    inputChannels = stem[1]
    stemWidth = stem[0]
    lastWidth = last
    for (number, place) in places.enumerated() {
      let part = number == 0 ? 0 : 1
      let name = "features.\(number + 1).conv"
      guard let expanded = outputs("\(name).\(part).0", "\(name).\(part).1"),
        let width = outputs("\(name).\(part + 1)", "\(name).\(part + 2)")
      else { return false }
      expandedWidths[number] = expanded
      if place.index == 0 { widths[place.stage] = width }
    }
    if let head = shapes["classifier.1.weight"], !head.isEmpty { classes = head[0] }
    return true
  }
}
