import OrderedCollections

extension Graph {
  /// The same graph without the nodes from which no output follows.
  public func withoutDeadNodes() -> Graph {
    var graph = self
    var wanted = [Bool](repeating: false, count: values.count)
    for id in outputs { wanted[id.index] = true }
    var live: [Node] = []
    for node in nodes.reversed() {
      guard node.outputs.contains(where: { $0.map { wanted[$0.index] } ?? false }) else { continue }
      for case let id? in node.inputs { wanted[id.index] = true }
      live.append(node)
    }
    graph.nodes = live.reversed()
    graph.parameters = parameters.filter { wanted[$0.index] }
    graph.constants = constants.filter { wanted[$0.key.index] }
    return graph
  }
}
