import BinaryIO

/// A node with the versions of the operator sets that it is written in.
struct ExpandedNode: Sendable {
  var message: NodeMessage
  var opsets: [String: Int]

  /// The version of the operator set that the node's operator belongs to.
  var opset: Int { opsets[message.domain.standardDomain] ?? 1 }
}

/// Replaces calls of functions that the file itself defines by the nodes of their bodies.
struct FunctionExpansion {
  static let maximumDepth = 64
  static let maximumNodes = 1_000_000

  /// Versions by domain; the standard's own is "".
  let opsets: [String: Int]
  private let functions: [String: FunctionMessage]

  init(_ model: ModelMessage) throws {
    opsets = FunctionExpansion.versions(model.opsets)
    functions = Dictionary(
      model.functions.map { (FunctionExpansion.key($0.domain, $0.name, $0.overload), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// - Throws: `.malformed` for a function that calls itself; `.limitExceeded` for too many nodes.
  func expand(_ nodes: [NodeMessage]) throws -> [ExpandedNode] {
    var result: [ExpandedNode] = []
    for node in nodes { try expand(ExpandedNode(message: node, opsets: opsets), [], into: &result) }
    return result
  }

  private func expand(
    _ node: ExpandedNode, _ callers: [String], into result: inout [ExpandedNode]
  ) throws {
    let message = node.message
    let key = FunctionExpansion.key(message.domain, message.type, message.overload)
    guard let function = functions[key] else {
      guard result.count < FunctionExpansion.maximumNodes else {
        throw DataError(
          .limitExceeded, "functions of more than \(FunctionExpansion.maximumNodes) nodes")
      }
      result.append(node)
      return
    }
    guard !callers.contains(key), callers.count < FunctionExpansion.maximumDepth else {
      throw DataError(
        .malformed, "the function calls itself", subject: "function '\(message.type)'")
    }
    let versions = FunctionExpansion.versions(function.opsets)
    for inner in FunctionCall(function, by: message, number: result.count).nodes {
      try expand(ExpandedNode(message: inner, opsets: versions), callers + [key], into: &result)
    }
  }

  private static func key(_ domain: String, _ name: String, _ overload: String) -> String {
    "\(domain.standardDomain)\u{0}\(name)\u{0}\(overload)"
  }

  private static func versions(_ opsets: [OpsetMessage]) -> [String: Int] {
    Dictionary(opsets.map { ($0.domain.standardDomain, $0.version) }) { first, _ in first }
  }
}

/// One call of a function: its body with the caller's names and attributes.
private struct FunctionCall {
  private let call: NodeMessage
  private let function: FunctionMessage
  private var names: [String: String] = ["": ""]
  private let prefix: String

  init(_ function: FunctionMessage, by call: NodeMessage, number: Int) {
    self.call = call
    self.function = function
    prefix = "\(call.label)#\(number)/"
    for (index, name) in function.inputs.enumerated() {
      names[name] = call.inputs.indices.contains(index) ? call.inputs[index] : ""
    }
    for (index, name) in function.outputs.enumerated()
    where call.outputs.indices.contains(index) && !call.outputs[index].isEmpty
      && !function.inputs.contains(name)
    {
      names[name] = call.outputs[index]
    }
  }

  var nodes: [NodeMessage] {
    let body = function.nodes.map { renamed($0) }
    // an output that is an input is passed through
    let passed = function.outputs.enumerated().filter {
      function.inputs.contains($1) && call.outputs.indices.contains($0) && !call.outputs[$0].isEmpty
    }
    return body
      + passed.map { index, name in
        let source = function.inputs.firstIndex(of: name) ?? 0
        return NodeMessage(
          name: prefix + name, type: "Identity",
          inputs: [call.inputs.indices.contains(source) ? call.inputs[source] : ""],
          outputs: [call.outputs[index]])
      }
  }

  private func renamed(_ node: NodeMessage) -> NodeMessage {
    var result = node
    result.name = prefix + node.label
    result.inputs = node.inputs.map { renamed($0) }
    result.outputs = node.outputs.map { renamed($0) }
    result.attributes = node.attributes.compactMap(resolved)
    return result
  }

  private func renamed(_ name: String) -> String { names[name] ?? prefix + name }

  /// The attribute with the caller's value, where it refers to one; nil when the caller leaves it out.
  private func resolved(_ attribute: AttributeMessage) -> AttributeMessage? {
    switch attribute.value {
    case .reference(let name):
      let value =
        call.attributes.first { $0.name == name } ?? function.defaults.first { $0.name == name }
      return value.map { AttributeMessage(name: attribute.name, value: $0.value) }
    case .graph(var graph):
      graph.nodes = graph.nodes.map { renamed($0) }
      graph.outputs = graph.outputs.map { renamed($0) }
      graph.inputs = graph.inputs.map { renamed($0) }
      for i in graph.initializers.indices {
        graph.initializers[i].name = renamed(graph.initializers[i].name)
      }
      return AttributeMessage(name: attribute.name, value: .graph(graph))
    default: return attribute
    }
  }

  private func renamed(_ value: ValueInfoMessage) -> ValueInfoMessage {
    var result = value
    result.name = renamed(value.name)
    return result
  }
}
