import ModelGraph

extension Graph {
  /// The values that move with some of `sources`, and what is computed from these.
  func depending(on sources: Set<ValueID>) -> Set<ValueID> {
    var moving = sources
    for node in nodes where node.inputs.contains(where: { $0.map(moving.contains) ?? false }) {
      for case let id? in node.outputs { moving.insert(id) }
    }
    return moving
  }

  /// The graph in two: what no learning weight has a part in, and the rest.
  ///
  /// The first gives the values that the second takes from it; they keep their names. Its results are the same in every
  /// epoch, as long as its inputs are.
  public func split(learning: Set<ValueID>) -> (frozen: Graph, rest: Graph) {
    let moving = depending(on: learning)
    var (frozen, rest) = (self, self)
    frozen.nodes = nodes.filter { !$0.outputs.contains { $0.map(moving.contains) ?? false } }
    rest.nodes = nodes.filter { $0.outputs.contains { $0.map(moving.contains) ?? false } }
    let computed = Set(frozen.nodes.flatMap { $0.outputs.compactMap { $0 } })
    var frontier: [ValueID] = []
    for id in rest.nodes.flatMap({ $0.inputs.compactMap { $0 } }) + outputs
    where computed.contains(id) && !frontier.contains(id) { frontier.append(id) }
    frozen.outputs = frontier
    rest.inputs += frontier
    frozen = frozen.withoutDeadNodes()
    rest = rest.withoutDeadNodes()
    let needed = Set(frozen.nodes.flatMap { $0.inputs.compactMap { $0 } } + frontier)
    frozen.inputs = inputs.filter(needed.contains)
    let wanted = Set(rest.nodes.flatMap { $0.inputs.compactMap { $0 } } + outputs)
    rest.inputs = rest.inputs.filter(wanted.contains)
    return (frozen, rest)
  }
}
