import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Builds a graph layer by layer; each layer's parameters are named after the layer, as PyTorch names them.
struct LayerBuilder {
  var graph: Graph
  private(set) var state: OrderedSet<String> = []
  private var known: [String: ValueID] = [:]

  init(name: String) { graph = Graph(name: name) }

  /// The graph with its outputs, ready.
  func finished(_ outputs: ValueID...) throws -> ModelDefinition { try finished(outputs) }

  /// The graph with its outputs, ready.
  func finished(_ outputs: [ValueID]) throws -> ModelDefinition {
    var graph = graph
    graph.outputs = outputs
    try graph.verify()
    try graph.inferTypes()
    return ModelDefinition(graph: graph, state: state)
  }

  /// Pictures: `[N, C, H, W]` inside, whatever they are outside.
  mutating func picture(_ interface: Interface, channels: Int) -> ValueID {
    let extents: [Dimension] = ["height", "width"]
    let channels = Dimension.fixed(channels)
    if interface.isChannelsLast {
      let input = graph.addInput(
        interface.input, TensorType(.float32, ["batch"] + extents + [channels]))
      return graph.add(Transpose(permutation: [0, 3, 1, 2]), [input], name: "channels_first")
    }
    return graph.addInput(interface.input, TensorType(.float32, ["batch", channels] + extents))
  }

  mutating func convolution(
    _ x: ValueID, _ name: String, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1,
    padding: Padding? = nil, groups: Int = 1, bias: Bool = false
  ) throws -> ValueID {
    let weight = try parameter("\(name).weight", [outputs, inputs / groups, kernel, kernel])
    let bias = bias ? try parameter("\(name).bias", [outputs]) : nil
    return graph.add(
      Conv(
        strides: [stride, stride], padding: padding ?? .all((kernel - 1) / 2), groups: groups),
      [x, weight] + (bias.map { [$0] } ?? []), name: name)
  }

  mutating func batchNormalization(
    _ x: ValueID, _ name: String, _ channels: Int, epsilon: Double, statistics: RunningStatistics
  ) throws -> ValueID {
    let inputs = try ["weight", "bias", "running_mean", "running_var"].map {
      try parameter("\(name).\($0)", [channels])
    }
    state.append("\(name).num_batches_tracked")
    return graph.add(
      BatchNormalization(epsilon: epsilon, statistics: statistics), [x] + inputs, name: name)
  }

  mutating func linear(
    _ x: ValueID, _ name: String, from inputs: Int, to outputs: Int, output: String? = nil
  ) throws -> ValueID {
    let weight = try parameter("\(name).weight", [outputs, inputs])
    let bias = try parameter("\(name).bias", [outputs])
    return graph.add(Gemm(transposeB: true), [x, weight, bias], name: name, output: output)
  }

  mutating func relu(_ x: ValueID, _ name: String) -> ValueID {
    graph.add(Relu(), [x], name: name)
  }

  mutating func relu6(_ x: ValueID, _ name: String) -> ValueID {
    let bounds = [("six", Float(6)), ("zero", Float(0))].map { scalar($0.0, $0.1) }
    return graph.add(Clip(), [x, bounds[1], bounds[0]], name: name)
  }

  mutating func add(_ a: ValueID, _ b: ValueID, _ name: String) -> ValueID {
    graph.add(Add(), [a, b], name: name)
  }

  mutating func maxPool(
    _ x: ValueID, _ name: String, kernel: Int, stride: Int, padding: Int = 0
  ) -> ValueID {
    graph.add(
      MaxPool(kernel: [kernel, kernel], strides: [stride, stride], padding: .all(padding)), [x],
      name: name)
  }

  /// Zeros around a picture.
  mutating func zeroPadding(_ x: ValueID, _ name: String, _ amount: Int) -> ValueID {
    let sides = Int64(amount)
    let pads = graph.addConstant("\(name).pads", Tensor([0, 0, sides, sides, 0, 0, sides, sides]))
    return graph.add(Pad(), [x, pads], name: name)
  }

  /// The mean of each channel, `[N, C]`.
  mutating func globalAverage(_ x: ValueID, _ name: String, output: String? = nil) -> ValueID {
    let mean = graph.add(GlobalAveragePool(), [x], name: name)
    return graph.add(Flatten(axis: 1), [mean], name: "\(name).flatten", output: output)
  }

  mutating func softmax(_ x: ValueID, _ name: String, output: String? = nil) -> ValueID {
    graph.add(Softmax(axis: -1), [x], name: name, output: output)
  }

  /// A constant number, one value for all its users.
  mutating func scalar(_ name: String, _ value: Float) -> ValueID {
    constant(name, Tensor(scalar: value))
  }

  /// A constant, one value for all its users.
  mutating func constant(_ name: String, _ tensor: @autoclosure () -> Tensor) -> ValueID {
    if let id = known[name] { return id }
    let id = graph.addConstant(name, tensor())
    known[name] = id
    return id
  }

  /// A weight; asked for again, it is the same for both users.
  mutating func parameter(_ name: String, _ extents: [Int]) throws -> ValueID {
    if let id = known[name] { return id }
    state.append(name)
    let shape = try naming("tensor '\(name)'") { try Shape(checking: extents) }
    let id = graph.addParameter(name, TensorType(.float32, shape: shape))
    known[name] = id
    return id
  }

  /// A weight that a checkpoint has, though the graph does not use it.
  mutating func unusedParameter(_ name: String) { state.append(name) }
}

/// What a model takes and gives, as its library has it.
public struct Interface: Sendable, Hashable {
  public var input: String
  public var output: String
  /// Whether pictures come as `[N, H, W, C]`.
  public var isChannelsLast: Bool
  /// Whether the last layer turns logits into probabilities.
  public var endsInSoftmax: Bool
  /// Whose it is.
  public let library: Dialect

  /// The usual one of a dialect.
  public init(_ dialect: Dialect) {
    switch dialect {
    case .huggingFace:
      self.init(dialect, input: "pixel_values", output: "logits")
    case .kerasApplications:
      self.init(
        dialect, input: "input_layer", output: "predictions", isChannelsLast: true,
        endsInSoftmax: true)
    case .kerasHub:
      self.init(dialect, input: "input_layer", output: "predictions", isChannelsLast: true)
    case .google:
      self.init(dialect, input: "input", output: "logits", isChannelsLast: true)
    default:
      self.init(dialect, input: "input", output: "logits")
    }
  }

  /// The usual one of a dialect, but for what our own description of a model says.
  public init(_ dialect: Dialect, sidecars: Sidecars) {
    self.init(dialect)
    if let said = sidecars[Checkpoint.descriptionName]?["endsInSoftmax"]?.bool {
      endsInSoftmax = said
    }
  }

  private init(
    _ library: Dialect, input: String, output: String, isChannelsLast: Bool = false,
    endsInSoftmax: Bool = false
  ) {
    self.library = library
    self.input = input
    self.output = output
    self.isChannelsLast = isChannelsLast
    self.endsInSoftmax = endsInSoftmax
  }
}
