import ModelGraph
import Operators

/// MobileNetV2: Sandler et al., "Inverted Residuals and Linear Bottlenecks" (2018).
///
/// - Source: torchvision and timm pad symmetrically, with epsilon 1e-5; keras.applications, and transformers by default, pad
///   as TensorFlow does (an odd element at the end), with epsilon 1e-3.
public struct MobileNetV2Configuration: Sendable, Hashable {
  /// Blocks of each of the seven stages.
  public var depths: [Int]
  /// Channels that each stage gives.
  public var widths: [Int]
  /// Channels inside each block, stage after stage.
  public var expandedWidths: [Int]
  public var inputChannels: Int
  public var stemWidth: Int
  /// Channels before the classifier.
  public var lastWidth: Int
  public var classes: Int?
  /// Whether windows are padded as in TensorFlow.
  public var padsAsTensorFlow: Bool
  /// Whether the first block has a shortcut where its widths allow one; transformers' never has.
  public var shortensFirstBlock: Bool
  public var epsilon: Double
  public var interface: Interface

  /// As the library's layers have them. Those of transformers forget nearly all with each batch (their momentum is
  /// TensorFlow's 0.997, which PyTorch takes for the share of the new): here they are PyTorch's usual.
  private var statistics: RunningStatistics {
    interface.library == .kerasApplications ? .keras(momentum: 0.999) : .pyTorch
  }

  static let strides = [1, 2, 2, 2, 1, 2, 1]
  public static let usualDepths = [1, 2, 3, 4, 3, 3, 1]
  static let usualWidths = [16, 24, 32, 64, 96, 160, 320]

  /// All widths multiplied, and rounded to multiples of eight.
  public init(
    widthMultiplier: Double = 1, depths: [Int] = usualDepths, keepsStemAndHead: Bool = false,
    lastWidth: Int? = nil, classes: Int? = 1000
  ) {
    let scaled = Self.usualWidths.map { Self.rounded($0, widthMultiplier) }
    let stem = keepsStemAndHead ? 32 : Self.rounded(32, widthMultiplier)
    self.depths = depths
    self.classes = classes
    widths = scaled
    stemWidth = stem
    self.lastWidth =
      lastWidth ?? (keepsStemAndHead ? 1280 : Self.rounded(1280, max(widthMultiplier, 1)))
    expandedWidths = []
    inputChannels = 3
    padsAsTensorFlow = false
    shortensFirstBlock = true
    epsilon = 1e-5
    interface = Interface(.torchvision)
    expandedWidths = Self.usualExpansion(depths: depths, widths: scaled, stem: stem)
  }

  /// The nearest multiple of eight to a scaled width, but no less than nine tenths of it.
  static func rounded(_ width: Int, _ multiplier: Double) -> Int {
    let exact = Double(width) * multiplier
    let near = max(8, Int(exact + 4) / 8 * 8)
    return Double(near) < 0.9 * exact ? near + 8 : near
  }

  /// Six times what goes into a block; the first block expands nothing.
  static func usualExpansion(depths: [Int], widths: [Int], stem: Int) -> [Int] {
    var inputs = stem
    var expanded: [Int] = []
    for (stage, depth) in depths.enumerated() {
      for _ in 0..<depth {
        expanded.append(expanded.isEmpty ? inputs : inputs * 6)
        inputs = widths[stage]
      }
    }
    return expanded
  }

  /// Whether a block's input flows on beside it.
  func hasShortcut(_ number: Int, from channels: Int) -> Bool {
    stride(of: number) == 1 && channels == widths[places[number].stage]
      && (number > 0 || shortensFirstBlock)
  }

  private func stride(of number: Int) -> Int {
    let place = places[number]
    return place.index == 0 ? Self.strides[place.stage] : 1
  }

  /// The stage and the place in it of each block.
  var places: [(stage: Int, index: Int)] {
    depths.enumerated().flatMap { stage, depth in (0..<depth).map { (stage, $0) } }
  }
}

extension MobileNetV2Configuration {
  public func build() throws -> ModelDefinition {
    var layers = LayerBuilder(name: variant)
    var x = layers.picture(interface, channels: inputChannels)
    x = try unit(
      &layers, x, "features.0.0", "features.0.1", from: inputChannels, to: stemWidth, kernel: 3,
      stride: 2)
    var channels = stemWidth
    for (number, place) in places.enumerated() {
      let name = "features.\(number + 1).conv"
      let expanded = expandedWidths[number]
      let outputs = widths[place.stage]
      let input = x
      var part = 0
      if number > 0 {
        x = try unit(
          &layers, x, "\(name).0.0", "\(name).0.1", from: channels, to: expanded, kernel: 1)
        part = 1
      }
      x = try unit(
        &layers, x, "\(name).\(part).0", "\(name).\(part).1", from: expanded, to: expanded,
        kernel: 3, stride: stride(of: number), groups: expanded)
      x = try layers.convolution(x, "\(name).\(part + 1)", from: expanded, to: outputs, kernel: 1)
      x = try layers.batchNormalization(
        x, "\(name).\(part + 2)", outputs, epsilon: epsilon, statistics: statistics)
      if hasShortcut(number, from: channels) {
        x = layers.add(x, input, "features.\(number + 1).add")
      }
      channels = outputs
    }
    let top = "features.\(places.count + 1)"
    x = try unit(&layers, x, "\(top).0", "\(top).1", from: channels, to: lastWidth, kernel: 1)
    guard let classes else {
      x = layers.globalAverage(x, "pool", output: "features")
      return try layers.finished(x)
    }
    x = layers.globalAverage(x, "pool")
    let last = interface.endsInSoftmax ? nil : interface.output
    x = try layers.linear(x, "classifier.1", from: lastWidth, to: classes, output: last)
    if interface.endsInSoftmax { x = layers.softmax(x, "softmax", output: interface.output) }
    return try layers.finished(x)
  }

  /// Convolution, normalisation, activation.
  private func unit(
    _ layers: inout LayerBuilder, _ x: ValueID, _ convolution: String, _ normalization: String,
    from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1
  ) throws -> ValueID {
    let padding: Padding = padsAsTensorFlow && stride > 1 ? .sameUpper : .all((kernel - 1) / 2)
    var x = try layers.convolution(
      x, convolution, from: inputs, to: outputs, kernel: kernel, stride: stride, padding: padding,
      groups: groups)
    x = try layers.batchNormalization(
      x, normalization, outputs, epsilon: epsilon, statistics: statistics)
    return layers.relu6(x, "\(normalization).relu6")
  }
}
