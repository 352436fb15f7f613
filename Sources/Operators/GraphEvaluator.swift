import BinaryIO
import ModelGraph
import Tensors

/// Runs a graph node after node by each operator's own `evaluate`: slow, plain, and what the
/// runtime is compared with.
public struct GraphEvaluator {
  private let graph: Graph
  private let parameters: [String: Tensor]
  /// For each node, the values that nobody needs after it.
  private let releases: [[ValueID]]

  /// - Parameter parameters: the weights that are not bound to the graph, by their names.
  /// - Throws: `.malformed` when the graph's nodes are in no order in which they can be computed.
  public init(_ graph: Graph, parameters: [String: Tensor] = [:]) throws {
    try graph.verify()
    self.graph = graph
    self.parameters = parameters
    var last: [ValueID: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs + node.outputs { last[id] = index }
    }
    for id in graph.outputs { last[id] = nil }
    var releases = [[ValueID]](repeating: [], count: graph.nodes.count)
    for (id, index) in last { releases[index].append(id) }
    self.releases = releases
  }

  /// The outputs in the graph's order.
  /// - Throws: `.mismatch` with the node's name, or for an input or weight that is missing.
  public func evaluate(_ inputs: [String: Tensor]) throws -> [Tensor] {
    var values = graph.constants
    for (id, tensor) in graph.constants {
      if let type = graph[id].type.dataType { values[id] = tensor.cast(to: type) }
    }
    for (ids, given, what) in [
      (graph.inputs, inputs, "input"), (Array(graph.parameters), parameters, "weight"),
    ] {
      for id in ids where values[id] == nil {
        guard let tensor = given[graph[id].name] else {
          throw DataError(.mismatch, "the \(what) '\(graph[id].name)' is missing")
        }
        values[id] = tensor
      }
    }
    for (node, released) in zip(graph.nodes, releases) {
      let results = try naming("node '\(node.name)' (\(node.operator.name))") {
        try node.operator.evaluate(node.inputs.map { $0.flatMap { values[$0] } })
      }
      for case (let id?, let result) in zip(node.outputs, results) { values[id] = result }
      for id in released { values[id] = nil }
    }
    return try graph.outputs.map { id in
      guard let value = values[id] else {
        throw DataError(.malformed, "nothing computes the output '\(graph[id].name)'")
      }
      return value
    }
  }
}
