import BinaryIO
import Formats
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Turns the graph of an ONNX file into ours: nodes in order, operators in their newest form.
final class GraphReader {
  /// The newest operator set that we know.
  static let newestOpset = 28

  private let message: GraphMessage
  private let weights: Weights
  private let functions: FunctionExpansion
  private(set) var graph: Graph
  private(set) var notes: [String] = []
  private var ids: [String: ValueID] = [:]
  private var names: Set<String> = []
  /// What the file says about values.
  private let declared: [String: TensorType]

  /// - Throws: `.unsupported` for an operator set that is newer than ours.
  init(model: ModelMessage, graph message: GraphMessage, weights: Weights) throws {
    self.message = message
    self.weights = weights
    functions = try FunctionExpansion(model)
    declared = Dictionary(
      (message.outputs + message.valueInfo).map { ($0.name, $0.value.type) },
      uniquingKeysWith: { first, _ in first })
    graph = Graph(name: message.name.isEmpty ? "graph" : message.name)
    guard let opset = functions.opsets[""] ?? (model.opsets.isEmpty ? 1 : nil) else {
      if message.nodes.contains(where: { $0.domain.standardDomain.isEmpty }) {
        throw DataError(.malformed, "no version of the standard's operators is named")
      }
      return
    }
    guard (1...GraphReader.newestOpset).contains(opset) else {
      throw DataError(
        .unsupported, "the operator set \(opset)",
        expected: "one from 1 to \(GraphReader.newestOpset)")
    }
  }

  /// - Throws: `DataError` that names the node or value.
  func read() throws -> Graph {
    for input in message.inputs where weights.all[input.name] == nil {
      ids[input.name] = graph.addInput(input.name, input.value.type)
      guard names.insert(input.name).inserted else {
        throw DataError(.malformed, "the input '\(input.name)' is there twice")
      }
    }
    let nodes = try functions.expand(message.nodes)
    for node in nodes { names.formUnion(node.message.outputs) }
    names.formUnion(weights.all.keys)
    for node in try NodeOrder(nodes, known: Set(ids.keys).union(weights.all.keys)).sorted() {
      try naming("node '\(node.message.label)' (\(node.message.type))") { try read(node) }
    }
    for output in message.outputs {
      guard let id = value(output.name) else {
        throw DataError(.malformed, "nothing computes the output '\(output.name)'")
      }
      graph.outputs.append(id)
      settle(id, declared: output.value.type)
    }
    try graph.verify()
    return graph
  }

  /// A node of the file becomes one of ours, or several, or an opaque one that can only be looked at.
  private func read(_ node: ExpandedNode) throws {
    for name in node.message.outputs where !name.isEmpty && ids[name] != nil {
      throw DataError(.malformed, "the value '\(name)' is defined twice")
    }
    if node.message.isConstant, weights.all[node.message.outputs.first ?? ""] != nil { return }
    let inputs = try node.message.inputs.map { name -> ValueID? in
      if name.isEmpty { return nil }
      guard let id = value(name) else {
        throw DataError(.malformed, "its input '\(name)' is nowhere defined")
      }
      return id
    }
    let mark = graph.nodes.count
    do {
      if node.message.isConstant {
        let entry = try node.message.constantEntry()
        ids[entry.name] = graph.addConstant(entry.name, try entry.load())
        return
      }
      var reading = try NodeReading(node, inputs: inputs, in: self)
      try reading.perform()
    } catch let error as DataError where error.code == .unsupported {
      graph.nodes.removeSubrange(mark...)
      try addOpaque(node, inputs, reason: error)
    }
  }

  private func addOpaque(_ node: ExpandedNode, _ inputs: [ValueID?], reason: DataError) throws {
    let message = node.message
    for name in message.outputs { ids[name] = nil }
    let captured = try message.capturedNames.compactMap { name -> ValueID? in
      if message.inputs.contains(name) { return nil }
      guard let id = value(name) else {
        throw DataError(.malformed, "its subgraph uses '\(name)', which is nowhere defined")
      }
      return id
    }
    let outputs = message.outputs.map { name -> ValueID? in
      name.isEmpty ? nil : define(name, declared[name] ?? .unknown)
    }
    let opaque = OpaqueOperator(
      type: message.type, domain: message.domain.standardDomain, reason: reason.found,
      outputCount: outputs.count, original: OriginalNode(node))
    graph.nodes.append(
      Node(name: message.label, opaque, inputs: inputs + captured, outputs: outputs))
  }

  /// What a name of the file stands for; a tensor enters the graph when it is first asked for.
  func value(_ name: String) -> ValueID? {
    if let id = ids[name] { return id }
    guard let entry = weights.all[name] else { return nil }
    let id: ValueID
    if !weights.isParameter(entry), let tensor = try? entry.load() {
      id = graph.addConstant(name, tensor)
    } else {
      id = graph.addParameter(name, TensorType(entry.dataType, shape: entry.shape))
    }
    ids[name] = id
    return id
  }

  /// A new value under a name of the file.
  func define(_ name: String, _ type: TensorType = .unknown) -> ValueID {
    let id = graph.addValue(name, type)
    ids[name] = id
    return id
  }

  /// A name that no value has, like `name`.
  func freshName(_ name: String) -> String {
    var candidate = name
    var count = 1
    while !names.insert(candidate).inserted {
      count += 1
      candidate = "\(name)_\(count)"
    }
    return candidate
  }

  func addConstant(_ tensor: Tensor, name: String) -> ValueID {
    graph.addConstant(freshName(name), tensor)
  }

  /// Appends a node and infers the types of its outputs.
  func append(_ node: Node) throws {
    graph.nodes.append(node)
    let types = node.inputs.map { $0.map { graph[$0].type } }
    var known: [Int: Tensor] = [:]
    for (i, id) in node.inputs.enumerated() {
      if let id, let tensor = graph.constants[id] { known[i] = tensor }
    }
    let inferred = try node.operator.outputTypes(
      for: OperatorInputs(types: types, constants: known))
    for (id, type) in zip(node.outputs, inferred) {
      if let id { graph[id].type = type }
    }
  }

  /// Takes over what the file declares of an output where we do not know it.
  private func settle(_ id: ValueID, declared: TensorType) {
    guard !graph.inputs.contains(id) else { return }
    if let type = graph[id].type.completed(by: declared) {
      graph[id].type = type
    } else {
      notes.append(
        "output '\(graph[id].name)' is declared \(declared), but computed as \(graph[id].type)")
    }
  }
}

extension TensorType {
  /// This type with what `other` knows in addition; nil when they contradict each other.
  func completed(by other: TensorType) -> TensorType? {
    if let a = dataType, let b = other.dataType, a != b { return nil }
    guard let mine = dimensions, let theirs = other.dimensions else {
      return TensorType(dataType ?? other.dataType, dimensions ?? other.dimensions)
    }
    guard mine.count == theirs.count else { return nil }
    var merged: [Dimension] = []
    for (a, b) in zip(mine, theirs) {
      if let x = a.value, let y = b.value, x != y { return nil }
      merged.append(a == .unknown ? b : a)
    }
    return TensorType(dataType ?? other.dataType, merged)
  }
}

extension NodeMessage {
  /// What a person would call the node.
  var label: String { name.isEmpty ? outputs.first { !$0.isEmpty } ?? type : name }

  /// Names that subgraphs of the node use without defining them.
  var capturedNames: [String] {
    var result: [String] = []
    for attribute in attributes {
      switch attribute.value {
      case .graph(let graph): result += graph.capturedNames
      case .graphs(let graphs): result += graphs.flatMap(\.capturedNames)
      default: break
      }
    }
    return result.uniqued
  }
}

extension GraphMessage {
  fileprivate var capturedNames: [String] {
    var defined = Set(inputs.map(\.name) + initializers.map(\.name) + [""])
    var captured: [String] = []
    for node in nodes {
      captured += (node.inputs + node.capturedNames).filter { !defined.contains($0) }
      defined.formUnion(node.outputs)
    }
    return (captured + outputs.map(\.name).filter { !defined.contains($0) }).uniqued
  }
}

extension Array where Element: Hashable {
  var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
