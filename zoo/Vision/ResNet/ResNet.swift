import ModelGraph
import Operators

/// Residual networks: He et al., "Deep Residual Learning for Image Recognition" (2015), and what grew out of them.
///
/// - Source: v1 as in the paper and keras.applications (a stage's stride in its first 1×1); v1.5 as in torchvision, timm,
///   transformers and KerasHub (in the 3×3); v2, "Identity Mappings in Deep Residual Networks" (2016), as in
///   keras.applications (`lastBlock`) and in timm (`firstBlock`). ResNeXt: Xie et al. (2016); Wide: Zagoruyko (2016).
public struct ResNetConfiguration: Sendable, Hashable {
  public enum Block: Sendable, Hashable { case basic, bottleneck }

  /// Which convolution of a block, or which block of a stage, takes the stage's stride.
  public enum Version: Sendable, Hashable {
    /// Normalisation after each convolution; the stride in a bottleneck's first convolution.
    case v1
    /// As v1, but the stride in a bottleneck's 3×3.
    case v1_5
    /// Normalisation before each convolution; the stride in a stage's first block.
    case v2
    /// As v2, but the stride in a stage's last block, and biases where no normalisation follows.
    case v2LastBlock
  }

  public var block: Block
  public var version: Version
  /// Blocks of each stage.
  public var depths: [Int]
  /// Channels that each stage gives.
  public var widths: [Int]
  /// Channels inside the blocks of each stage.
  public var innerWidths: [Int]
  /// Groups of the 3×3 convolutions of bottlenecks.
  public var groups: Int
  public var inputChannels: Int
  public var stemWidth: Int
  public var stemKernel: Int
  public var classes: Int?
  /// Whether every convolution has a bias.
  public var hasBiases: Bool
  /// Whether the first stage has the stride 2 too.
  public var downsamplesInFirstStage: Bool
  public var epsilon: Double
  public var interface: Interface

  public init(
    _ block: Block, depths: [Int], widths: [Int]? = nil, innerWidths: [Int]? = nil,
    groups: Int = 1, version: Version = .v1_5, classes: Int? = 1000, stemWidth: Int = 64,
    hasBiases: Bool = false, epsilon: Double = 1e-5, interface: Interface = Interface(.torchvision)
  ) {
    let inner = innerWidths ?? [64, 128, 256, 512]
    self.block = block
    self.version = version
    self.depths = depths
    self.widths = widths ?? (block == .basic ? inner : [256, 512, 1024, 2048])
    self.innerWidths = inner
    self.groups = groups
    self.classes = classes
    self.stemWidth = stemWidth
    self.hasBiases = hasBiases
    self.epsilon = epsilon
    self.interface = interface
    inputChannels = 3
    stemKernel = 7
    downsamplesInFirstStage = false
  }

  /// As the library's layers have them.
  private var statistics: RunningStatistics {
    if interface.library.isKerasHub { return .keras(momentum: 0.9) }
    return interface.library == .kerasApplications ? .keras() : .pyTorch
  }

  var isPreActivated: Bool { version == .v2 || version == .v2LastBlock }
}

extension ResNetConfiguration {
  public func build() throws -> ModelDefinition {
    var layers = LayerBuilder(name: variant)
    var x = layers.picture(interface, channels: inputChannels)
    x = try layers.convolution(
      x, "conv1", from: inputChannels, to: stemWidth, kernel: stemKernel, stride: 2,
      bias: hasBiases || version == .v2LastBlock)
    if isPreActivated {
      if version == .v2LastBlock {
        // Zeros, not minus infinity, as Keras pads: the convolution's output may be negative here.
        x = layers.zeroPadding(x, "maxpool.pad", 1)
        x = layers.maxPool(x, "maxpool", kernel: 3, stride: 2)
      } else {
        x = layers.maxPool(x, "maxpool", kernel: 3, stride: 2, padding: 1)
      }
    } else {
      x = try layers.batchNormalization(
        x, "bn1", stemWidth, epsilon: epsilon, statistics: statistics)
      x = layers.relu(x, "relu")
      x = layers.maxPool(x, "maxpool", kernel: 3, stride: 2, padding: 1)
    }
    var channels = stemWidth
    for stage in depths.indices {
      for index in 0..<depths[stage] {
        let place = BlockPlace(
          name: "layer\(stage + 1).\(index)", inputs: channels, inner: innerWidths[stage],
          outputs: widths[stage], stride: stride(stage: stage, block: index), isFirst: index == 0)
        x =
          isPreActivated
          ? try preActivatedBlock(&layers, x, place) : try block(&layers, x, place)
        channels = widths[stage]
      }
    }
    if isPreActivated {
      x = try layers.batchNormalization(
        x, "norm", channels, epsilon: epsilon, statistics: statistics)
      x = layers.relu(x, "relu")
    }
    guard let classes else {
      x = layers.globalAverage(x, "avgpool", output: "features")
      return try layers.finished(x)
    }
    x = layers.globalAverage(x, "avgpool")
    let last = interface.endsInSoftmax ? nil : interface.output
    x = try layers.linear(x, "fc", from: channels, to: classes, output: last)
    if interface.endsInSoftmax { x = layers.softmax(x, "softmax", output: interface.output) }
    return try layers.finished(x)
  }

  private struct BlockPlace {
    var name: String
    var inputs: Int, inner: Int, outputs: Int
    var stride: Int
    var isFirst: Bool
  }

  private func stride(stage: Int, block: Int) -> Int {
    switch version {
    case .v1, .v1_5, .v2: block == 0 && (stage > 0 || downsamplesInFirstStage) ? 2 : 1
    case .v2LastBlock: block == depths[stage] - 1 && stage < depths.count - 1 ? 2 : 1
    }
  }

  /// Convolution, normalisation, activation; the sum before the last activation.
  private func block(
    _ layers: inout LayerBuilder, _ input: ValueID, _ place: BlockPlace
  ) throws -> ValueID {
    var x = input
    let steps = convolutions(place)
    for (index, step) in steps.enumerated() {
      let number = index + 1
      x = try layers.convolution(
        x, "\(place.name).conv\(number)", from: step.inputs, to: step.outputs, kernel: step.kernel,
        stride: step.stride, groups: step.groups, bias: hasBiases)
      x = try layers.batchNormalization(
        x, "\(place.name).bn\(number)", step.outputs, epsilon: epsilon, statistics: statistics)
      if number < steps.count { x = layers.relu(x, "\(place.name).relu\(number)") }
    }
    var shortcut = input
    if place.stride != 1 || place.inputs != place.outputs {
      let name = "\(place.name).downsample"
      shortcut = try layers.convolution(
        input, "\(name).0", from: place.inputs, to: place.outputs, kernel: 1, stride: place.stride,
        bias: hasBiases)
      shortcut = try layers.batchNormalization(
        shortcut, "\(name).1", place.outputs, epsilon: epsilon, statistics: statistics)
    }
    x = layers.add(x, shortcut, "\(place.name).add")
    return layers.relu(x, "\(place.name).relu")
  }

  /// Normalisation, activation, convolution; nothing after the sum.
  private func preActivatedBlock(
    _ layers: inout LayerBuilder, _ input: ValueID, _ place: BlockPlace
  ) throws -> ValueID {
    let steps = convolutions(place)
    var x = input
    var shortcut = input
    for (index, step) in steps.enumerated() {
      let number = index + 1
      x = try layers.batchNormalization(
        x, "\(place.name).norm\(number)", step.inputs, epsilon: epsilon, statistics: statistics)
      x = layers.relu(x, "\(place.name).relu\(number)")
      if index == 0 {
        if place.isFirst
          && (place.stride != 1 || place.inputs != place.outputs || version == .v2LastBlock)
        {
          shortcut = try layers.convolution(
            x, "\(place.name).downsample.0", from: place.inputs, to: place.outputs, kernel: 1,
            stride: place.stride, bias: version == .v2LastBlock)
        } else if place.stride != 1 {
          shortcut = layers.maxPool(
            input, "\(place.name).downsample.pool", kernel: 1, stride: place.stride)
        }
      }
      x = try layers.convolution(
        x, "\(place.name).conv\(number)", from: step.inputs, to: step.outputs, kernel: step.kernel,
        stride: step.stride, groups: step.groups,
        bias: version == .v2LastBlock && number == steps.count)
    }
    return layers.add(x, shortcut, "\(place.name).add")
  }

  private struct Step {
    var inputs: Int, outputs: Int, kernel: Int
    var stride = 1
    var groups = 1
  }

  private func convolutions(_ place: BlockPlace) -> [Step] {
    switch block {
    case .basic:
      return [
        Step(inputs: place.inputs, outputs: place.inner, kernel: 3, stride: place.stride),
        Step(inputs: place.inner, outputs: place.outputs, kernel: 3),
      ]
    case .bottleneck:
      let early = version == .v1 ? place.stride : 1
      return [
        Step(inputs: place.inputs, outputs: place.inner, kernel: 1, stride: early),
        Step(
          inputs: place.inner, outputs: place.inner, kernel: 3, stride: place.stride / early,
          groups: groups),
        Step(inputs: place.inner, outputs: place.outputs, kernel: 1),
      ]
    }
  }
}
