import ModelGraph
import Operators
import Tensors

/// Nodes in the making, which take the place of one.
struct NodeList {
  let name: String
  private(set) var graph: Graph
  private(set) var nodes: [Node] = []

  init(name: String, graph: Graph) {
    self.name = name
    self.graph = graph
  }

  mutating func constant(_ tensor: Tensor) -> ValueID {
    graph.addConstant("\(name)/constant_\(graph.constants.count)", tensor)
  }

  @discardableResult
  mutating func add(
    _ operator: any Operator, _ inputs: [ValueID?], _ suffix: String, result: ValueID? = nil
  ) -> ValueID {
    let id = result ?? graph.addValue("\(name)/\(suffix)")
    nodes.append(
      Node(name: "\(name)/\(suffix)", `operator`, inputs: inputs, outputs: [id]))
    return id
  }
}
