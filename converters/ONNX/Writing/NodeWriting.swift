import BinaryIO
import ModelGraph
import Tensors

/// One node of ours on its way into a file: the nodes of the standard that it becomes.
struct NodeWriting {
  let node: Node
  private let graph: Graph
  private let name: (ValueID) -> String
  private let taken: Set<String>
  /// Names of values between the nodes.
  private(set) var ownNames: Set<String> = []
  /// What the node became so far.
  private(set) var nodes: [NodeMessage] = []
  /// Tensors that the nodes need besides the graph's own.
  private(set) var constants: [(name: String, tensor: Tensor)] = []
  /// The oldest operator set that has everything which was used.
  private(set) var opset = 1

  init(
    _ node: Node, in graph: Graph, avoiding taken: Set<String>,
    naming name: @escaping (ValueID) -> String
  ) {
    self.node = node
    self.graph = graph
    self.name = name
    self.taken = taken
  }

  /// Says that the node needs the operator set `opset`.
  mutating func require(opset: Int) { self.opset = max(self.opset, opset) }

  func has(_ index: Int) -> Bool {
    node.inputs.indices.contains(index) && node.inputs[index] != nil
  }

  /// The tensor of input `index`, if it is known beforehand.
  func constant(_ index: Int) -> Tensor? {
    has(index) ? node.inputs[index].flatMap { graph.constants[$0] } : nil
  }

  /// The type of input `index`.
  func type(_ index: Int) -> TensorType {
    has(index) ? node.inputs[index].map { graph[$0].type } ?? .unknown : .unknown
  }

  /// The names of the node's inputs; empty for those that are left out.
  var inputs: [String] { node.inputs.map { $0.map(name) ?? "" } }
  var outputs: [String] { node.outputs.map { $0.map(name) ?? "" } }

  /// Appends a node; without further words one with the same name, inputs and outputs.
  mutating func emit(
    _ attributes: KeyValuePairs<String, AttributeValue?> = [:], type: String? = nil,
    inputs: [String]? = nil, outputs: [String]? = nil
  ) {
    var message = NodeMessage(name: node.name, type: type ?? node.operator.name)
    message.inputs = inputs ?? self.inputs
    while message.inputs.last == "" { message.inputs.removeLast() }
    message.outputs = outputs ?? self.outputs
    while message.outputs.last == "" { message.outputs.removeLast() }
    if !nodes.isEmpty || outputs != nil { message.name += "/\(nodes.count)" }
    message.attributes = attributes.compactMap { name, value in
      value.map { AttributeMessage(name: name, value: $0) }
    }
    nodes.append(message)
  }

  /// The name of a tensor that the nodes need.
  mutating func constant(_ tensor: Tensor, _ suffix: String) -> String {
    let name = valueName(suffix)
    constants.append((name, tensor))
    return name
  }

  /// A name for a value between the nodes.
  mutating func valueName(_ suffix: String) -> String {
    let base = "\(outputs.first { !$0.isEmpty } ?? node.name)/\(suffix)"
    var candidate = base
    var count = 1
    while taken.contains(candidate) || !ownNames.insert(candidate).inserted {
      count += 1
      candidate = "\(base)_\(count)"
    }
    return candidate
  }
}

extension AttributeValue {
  static func flag(_ value: Bool) -> AttributeValue { .integer(value ? 1 : 0) }
  static func number(_ value: Double) -> AttributeValue { .float(Float(value)) }
  static func text(_ value: String) -> AttributeValue { .string(Array(value.utf8)) }
}
