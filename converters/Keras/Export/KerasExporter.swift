import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Turns a graph into Keras layers: the other way of `KerasGraphBuilder`.
///
/// A value of the graph with channels in the second axis is a Keras tensor with channels last; only where the order of axes
/// matters (Flatten, Reshape) a Permute stands between.
struct KerasExporter {
  typealias Translation = @Sendable (inout KerasExporter, Node) throws -> Void

  private(set) var model: ExportedModel
  let graph: Graph
  private let weights: [String: TensorEntry]
  /// The nodes that use a value.
  private let consumers: [ValueID: [Int]]
  private let producers: [ValueID: Node]
  private var tensors: [ValueID: ExportedTensor] = [:]
  private var permuted: [ExportedTensor: ExportedTensor] = [:]
  private var names: Set<String> = []
  /// Nodes that were done together with an earlier one.
  private var done: Set<String> = []

  private init(_ graph: Graph, _ tensors: [NormalisedTensor]) {
    var typed = graph
    if (try? typed.inferTypes()) == nil { typed = graph }
    self.graph = typed
    model = ExportedModel(name: KerasExporter.escaped(graph.name))
    weights = Dictionary(
      tensors.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    var consumers: [ValueID: [Int]] = [:]
    var producers: [ValueID: Node] = [:]
    for (i, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs { consumers[id, default: []].append(i) }
      for case let id? in node.outputs { producers[id] = node }
    }
    self.consumers = consumers
    self.producers = producers
  }

  /// The layers of a whole graph.
  /// - Throws: `.unsupported` with everything that Keras has no layer for.
  static func model(_ graph: Graph, _ tensors: [NormalisedTensor]) throws -> ExportedModel {
    var exporter = KerasExporter(graph.withoutDeadNodes(), tensors)
    for id in exporter.graph.inputs { try exporter.addInput(id) }
    var problems: OrderedDictionary<String, [String]> = [:]
    var broken: Set<ValueID> = []
    for node in exporter.graph.nodes {
      let inputs = node.inputs.compactMap { $0 }
      let isBroken = inputs.contains(where: broken.contains)
      if !isBroken && (exporter.isStatic(node) || exporter.done.contains(node.name)) { continue }
      do {
        guard let translation = ExportedOperators.all[node.operator.name] else {
          throw DataError(.unsupported, "no layer of Keras does this")
        }
        if !isBroken {
          try translation(&exporter, node)
          continue
        }
      } catch let error as DataError {
        problems["\(node.operator.name): \(error.found)", default: []].append(node.name)
      }
      broken.formUnion(node.outputs.compactMap { $0 })
    }
    guard problems.isEmpty else {
      let list = problems.prefix(12).map { reason, nodes in
        "\(reason) (\(nodes.count == 1 ? "" : "\(nodes.count) times, first ")node '\(nodes[0])')"
      }
      throw DataError(
        .unsupported, "Keras cannot express this graph: " + list.joined(separator: "; "))
    }
    for id in exporter.graph.outputs { try exporter.addOutput(id) }
    return exporter.model.inKerasOrder()
  }

  // MARK: Values

  func type(_ id: ValueID) -> TensorType { graph[id].type }

  /// Extents of a value, nil where they are not fixed.
  func extents(_ id: ValueID) -> [Int?]? { type(id).dimensions?.map(\.value) }

  /// Whether the height and width of a picture are known to be 1.
  func isOnePixel(_ id: ValueID) -> Bool {
    guard let extents = extents(id), extents.count == 4 else { return false }
    return extents[2] == 1 && extents[3] == 1
  }

  /// The Keras tensor of a value that is computed.
  func tensor(_ id: ValueID?) throws -> ExportedTensor {
    guard let id, let tensor = tensors[id] else {
      throw DataError(.unsupported, "is given a weight where Keras wants a tensor")
    }
    return tensor
  }

  func hasTensor(_ id: ValueID?) -> Bool { id.map { tensors[$0] != nil } ?? false }

  mutating func set(_ id: ValueID?, _ tensor: ExportedTensor) {
    if let id { tensors[id] = tensor }
  }

  /// The tensor with the channels last, as a layer for pictures wants it.
  mutating func image(_ id: ValueID?) throws -> ExportedTensor {
    let tensor = try tensor(id)
    guard tensor.rank == 4 else {
      throw DataError(.unsupported, "works on \(tensor.rank) axes", expected: "pictures")
    }
    return tensor.isImage ? tensor : permute(tensor, [2, 3, 1], isImage: true)
  }

  /// The tensor with its axes as the graph has them.
  mutating func plain(_ id: ValueID?) throws -> ExportedTensor {
    let tensor = try tensor(id)
    return tensor.isImage ? permute(tensor, [3, 1, 2], isImage: false) : tensor
  }

  private mutating func permute(_ tensor: ExportedTensor, _ order: [Int], isImage: Bool)
    -> ExportedTensor
  {
    if let known = permuted[tensor] { return known }
    let result = add(
      "Permute", name: "\(model.layers[tensor.layer].name)_permute",
      ["dims": .array(order.map { .integer($0) })], [tensor], rank: tensor.rank, isImage: isImage)
    permuted[tensor] = result
    return result
  }

  // MARK: Weights

  /// The tensor of a value that does not depend on the inputs, with the names of the weight that it is made of.
  func weight(_ id: ValueID?) throws -> (entry: TensorEntry, source: String?)? {
    guard let id else { return nil }
    if let constant = graph.constants[id] {
      return (TensorEntry(name: graph[id].name, constant), nil)
    }
    if graph.parameters.contains(id) {
      let name = graph[id].name
      guard let entry = weights[name] else {
        throw DataError(.mismatch, "there is no weight '\(name)'")
      }
      return (entry, name)
    }
    guard let node = producers[id], let first = try weight(node.inputs.first ?? nil) else {
      return nil
    }
    let rest = try node.inputs.dropFirst().map { try weight($0)?.entry.load() }
    let computation = node.operator
    let result = try computation.evaluate([try first.entry.load()] + rest)
    return result.first.map { (TensorEntry(name: graph[id].name, $0), first.source) }
  }

  /// The numbers of a small constant.
  func numbers(_ id: ValueID?) throws -> [Double]? {
    guard let entry = try weight(id)?.entry, entry.shape.elementCount <= 1 << 20 else { return nil }
    return try entry.load().doubles
  }

  func integers(_ id: ValueID?) throws -> [Int]? {
    guard let entry = try weight(id)?.entry, entry.shape.elementCount <= 1 << 16 else { return nil }
    return try entry.load().integers
  }

  /// Whether nothing that the node computes depends on the graph's inputs.
  private func isStatic(_ node: Node) -> Bool {
    !node.inputs.contains { hasTensor($0) }
  }

  /// The only node that uses a value which is no output of the graph.
  func onlyConsumer(_ id: ValueID?) -> Node? {
    guard let id, !graph.outputs.contains(id), let users = consumers[id], users.count == 1 else {
      return nil
    }
    return graph.nodes[users[0]]
  }

  /// The node that computes a value.
  func producer(_ id: ValueID?) -> Node? { id.flatMap { producers[$0] } }

  mutating func markDone(_ node: Node) { done.insert(node.name) }

  // MARK: Layers

  /// Adds a layer, or another call of the layer that has this name, class, settings and weights.
  mutating func add(
    _ className: String, name: String, _ config: OrderedDictionary<String, JSONValue> = [:],
    _ inputs: [ExportedTensor], _ weights: [ExportedWeight] = [], rank: Int, isImage: Bool
  ) -> ExportedTensor {
    let wanted = KerasExporter.escaped(name)
    if !weights.isEmpty, let index = model.layers.firstIndex(where: { $0.name == wanted }) {
      let known = model.layers[index]
      if known.className == className, known.config == config,
        known.weights.map(\.source) == weights.map(\.source)
      {
        model.layers[index].calls.append(inputs)
        return ExportedTensor(
          layer: index, call: known.calls.count, rank: rank, isImage: isImage)
      }
    }
    model.layers.append(
      ExportedLayer(
        name: unique(wanted), className: className, config: config, calls: [inputs],
        weights: weights))
    return ExportedTensor(layer: model.layers.count - 1, call: 0, rank: rank, isImage: isImage)
  }

  private mutating func unique(_ name: String) -> String {
    var candidate = name
    var count = 0
    while !names.insert(candidate).inserted {
      count += 1
      candidate = "\(name)_\(count)"
    }
    return candidate
  }

  /// The layer's name for a weight: what stands before its last part; or the node's name.
  static func layerName(_ source: String?, _ node: Node) -> String {
    guard let source else { return node.name.isEmpty ? node.operator.name : nodeName(node) }
    guard let dot = source.lastIndex(of: "."), dot != source.startIndex else { return source }
    return String(source[..<dot])
  }

  /// A layer's name for a node without weights.
  static func nodeName(_ node: Node) -> String {
    let text = node.name.split(separator: "/").joined(separator: "_")
    return text.isEmpty ? node.operator.name.lowercased() : text
  }

  /// Keras allows no slash in a layer's name; `LayerNames.unescaped` is the way back.
  static func escaped(_ name: String) -> String { LayerNames.escaped(name) }

  // MARK: Doors

  /// An input of the graph; a picture comes channels-last.
  private mutating func addInput(_ id: ValueID) throws {
    guard let dimensions = type(id).dimensions, (1...8).contains(dimensions.count) else {
      throw DataError(
        .unsupported, "an input without a known number of axes",
        subject: "input '\(graph[id].name)'")
    }
    let isImage = dimensions.count == 4 && !arrivesChannelsLast(id)
    var order = Array(0..<dimensions.count)
    if isImage { order = [0, 2, 3, 1] }
    let shape = order.map { axis -> JSONValue in
      axis == 0 ? .null : dimensions[axis].value.map { .integer($0) } ?? .null
    }
    let config: OrderedDictionary<String, JSONValue> = [
      "batch_shape": .array(shape), "dtype": .string((type(id).dataType ?? .float32).rawValue),
      "sparse": false,
    ]
    let tensor = add(
      "InputLayer", name: graph[id].name, config, [], rank: dimensions.count, isImage: isImage)
    model.layers[tensor.layer].calls = []
    model.inputs.append(tensor)
    tensors[id] = tensor
  }

  /// Whether the first node that cares about axes moves the channels from the last to the second.
  private func arrivesChannelsLast(_ id: ValueID) -> Bool {
    var waiting = [id]
    var seen: Set<ValueID> = []
    while let next = waiting.popLast() {
      guard seen.insert(next).inserted else { continue }
      for index in consumers[next] ?? [] {
        let node = graph.nodes[index]
        if let transpose = node.operator as? Transpose {
          return transpose.permutation == [0, 3, 1, 2]
        }
        guard ExportedOperators.elementwise.contains(node.operator.name) else { continue }
        waiting += node.outputs.compactMap { $0 }
      }
    }
    return false
  }

  private mutating func addOutput(_ id: ValueID) throws {
    guard var tensor = tensors[id] else {
      throw DataError(
        .unsupported, "the output '\(graph[id].name)' does not depend on the inputs")
    }
    if model.layers[tensor.layer].className == "InputLayer" {
      tensor = add(
        "Activation", name: graph[id].name, ["activation": "linear"], [tensor], rank: tensor.rank,
        isImage: tensor.isImage)
    }
    model.outputs.append(tensor)
  }
}
