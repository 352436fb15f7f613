import BinaryIO
import Formats
import ModelGraph
import OrderedCollections
import Tensors

/// Turns one of our graphs into the messages of an ONNX graph.
struct GraphWriter {
  private let graph: Graph
  /// The names that each weight is known by: that of the tensor which is written for it.
  private let weights: [String: String]
  private var names: [ValueID: String] = [:]
  private var taken: Set<String> = []
  private(set) var message = GraphMessage()
  /// The versions of the operator sets that the nodes need.
  private(set) var opsets: OrderedDictionary<String, Int> = ["": 17]
  /// Floating point constants, which would be taken for weights when they are read again.
  private(set) var constantNames: [String] = []

  /// - Parameters:
  ///   - weights: for each weight's name that of the tensor that is written (another one where they are tied).
  ///   - tensors: the tensors that are written, by name.
  /// - Throws: `.unsupported` that lists all operators without a form in ONNX; `.malformed` for a weight without a tensor.
  init(
    _ graph: Graph, weights: [String: String], tensors: OrderedDictionary<String, TensorEntry>
  ) throws {
    var graph = graph
    try graph.inferTypes()
    try graph.verify()
    if let obstacle = GraphWriter.obstacle(to: graph) { throw obstacle }
    self.graph = graph
    self.weights = weights
    message.name = graph.name
    try nameValues(tensors)
    try writeNodes()
    message.inputs = graph.inputs.map { info($0, names[$0] ?? "") }
  }

  /// What the graph has that no node of the standard says; nil when there is nothing.
  static func obstacle(to graph: Graph) -> DataError? {
    var missing: OrderedDictionary<String, Int> = [:]
    for node in graph.nodes {
      if let opaque = node.operator as? OpaqueOperator {
        if !(opaque.original is OriginalNode) { missing[opaque.type, default: 0] += 1 }
      } else if ONNXOperators.byType[ObjectIdentifier(type(of: node.operator))]?.write == nil {
        missing[node.operator.name, default: 0] += 1
      }
    }
    if missing.isEmpty { return nil }
    let list = missing.map { "\($0) (\($1)×)" }.joined(separator: ", ")
    return DataError(.unsupported, "operators without a form in ONNX: \(list)")
  }

  // MARK: Names

  /// Gives every value a name of its own; weights, inputs and outputs keep theirs.
  private mutating func nameValues(_ tensors: OrderedDictionary<String, TensorEntry>) throws {
    for id in graph.parameters {
      let name = graph[id].name
      guard let written = weights[name] else {
        throw DataError(.malformed, "the graph's weight '\(name)' is not among the tensors")
      }
      names[id] = written
    }
    taken.formUnion(weights.keys)
    for (id, tensor) in graph.constants {
      let name = graph[id].name
      if let entry = tensors[name], let same = try? entry.load(), same.isBitEqual(to: tensor) {
        names[id] = name
      }
    }
    for id in graph.inputs + graph.outputs where names[id] == nil {
      names[id] = fresh(graph[id].name)
    }
    for node in graph.nodes where node.operator is OpaqueOperator {
      // subgraphs speak of values by their names
      for case let id? in node.inputs where names[id] == nil { names[id] = fresh(graph[id].name) }
    }
    for index in graph.values.indices where names[ValueID(index: index)] == nil {
      names[ValueID(index: index)] = fresh(graph.values[index].name)
    }
  }

  private mutating func fresh(_ name: String) -> String {
    let base = name.isEmpty ? "value" : name
    var candidate = base
    var count = 1
    while !taken.insert(candidate).inserted {
      count += 1
      candidate = "\(base)_\(count)"
    }
    return candidate
  }

  // MARK: Nodes

  private mutating func writeNodes() throws {
    let used = Set(graph.nodes.flatMap { $0.inputs.compactMap(\.self) } + graph.outputs)
    for (id, tensor) in graph.constants.sorted(by: { $0.key < $1.key }) where used.contains(id) {
      if let name = names[id], weights[name] == nil { addConstant(name, tensor) }
    }
    for node in graph.nodes {
      try naming("node '\(node.name)' (\(node.operator.name))") { try write(node) }
    }
    try writeOutputs()
  }

  private mutating func write(_ node: Node) throws {
    if let opaque = node.operator as? OpaqueOperator,
      let original = opaque.original as? OriginalNode
    {
      return try write(original, of: node)
    }
    let entry = ONNXOperators.byType[ObjectIdentifier(type(of: node.operator))]
    let names = names
    var writing = NodeWriting(node, in: graph, avoiding: taken) { names[$0] ?? "" }
    try entry?.write?(node.operator, &writing)
    taken.formUnion(writing.ownNames)
    for (name, tensor) in writing.constants { addConstant(name, tensor) }
    message.nodes += writing.nodes
    opsets[""] = max(opsets[""] ?? 17, writing.opset)
  }

  /// A node that nobody understood goes back as it came.
  private mutating func write(_ original: OriginalNode, of node: Node) throws {
    if let attribute = original.obstacle {
      throw DataError(.unsupported, "its attribute '\(attribute)' cannot be written again")
    }
    var copy = original.node.message
    copy.inputs = zip(copy.inputs, node.inputs).map { $1.flatMap { names[$0] } ?? "" }
    copy.outputs = node.outputs.map { $0.flatMap { names[$0] } ?? "" }
    message.nodes.append(copy)
    let domain = copy.domain.standardDomain
    let version = original.node.opset
    if domain.isEmpty {
      guard version >= 17 || original.isTheSameSince(version) else {
        throw DataError(
          .unsupported, "a node of the operator set \(version) that is not understood",
          expected: "17 or newer")
      }
      opsets[""] = max(opsets[""] ?? 17, version)
    } else {
      opsets[domain] = version
    }
  }

  private mutating func addConstant(_ name: String, _ tensor: Tensor) {
    var node = NodeMessage(name: name, type: "Constant")
    node.outputs = [name]
    node.attributes = [AttributeMessage(name: "value", value: .tensor(TensorMessage(tensor)))]
    message.nodes.append(node)
    if tensor.dataType.isFloatingPoint && tensor.elementCount > 1 { constantNames.append(name) }
  }

  // MARK: Doors

  /// Outputs that are inputs, and those that are there twice, get a node of their own.
  private mutating func writeOutputs() throws {
    var written = Set(graph.inputs.compactMap { names[$0] })
    for id in graph.outputs {
      let name = names[id] ?? ""
      if written.insert(name).inserted {
        message.outputs.append(info(id, name))
        continue
      }
      let copy = fresh("\(name)_output")
      message.nodes.append(
        NodeMessage(name: copy, type: "Identity", inputs: [name], outputs: [copy]))
      message.outputs.append(info(id, copy))
    }
  }

  private func info(_ id: ValueID, _ name: String) -> ValueInfoMessage {
    let type = graph[id].type
    guard let dataType = type.dataType else { return ValueInfoMessage(name: name) }
    return ValueInfoMessage(
      name: name,
      type: .tensor(
        elementType: ElementType.number(dataType),
        dimensions: type.dimensions?.map { dimension in
          switch dimension {
          case .fixed(let extent): .value(extent)
          case .symbol(let symbol): .name(symbol)
          case .unknown: .unknown
          }
        }))
  }
}
