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

  /// The graph in two: what comes of weights that do not learn, and the rest.
  ///
  /// The first gives the values that the second takes from it; they keep their names. Its results are the same in every
  /// epoch, as long as its inputs are, and each has a row for each sample. What comes of no weight (masks, places), or
  /// is for all samples at once, is computed by both.
  public func split(learning: Set<ValueID>) -> (frozen: Graph, rest: Graph) {
    var typed = self
    try? typed.inferTypes()
    let moving = depending(on: learning)
    let weighted = depending(on: Set(parameters))
    let batch = inputs.first.flatMap { typed[$0].type.dimensions?.first }
    let makers = Dictionary(
      nodes.enumerated().flatMap { place, node in
        node.outputs.compactMap { $0.map { ($0, place) } }
      }, uniquingKeysWith: { first, _ in first })
    func isKept(_ id: ValueID) -> Bool {
      guard weighted.contains(id), !moving.contains(id) else { return false }
      let first = typed[id].type.dimensions.map(\.first)
      return batch == nil || first == nil || first == batch
    }
    var needed = outputs
    var (frontier, own) = ([ValueID](), Set<Int>())
    while let id = needed.popLast() {
      guard let maker = makers[id] else { continue }
      if isKept(id) {
        if !frontier.contains(id) { frontier.append(id) }
      } else if own.insert(maker).inserted {
        needed += nodes[maker].inputs.compactMap { $0 }
      }
    }
    var (frozen, rest) = (self, self)
    frozen.outputs = frontier
    frozen = frozen.withoutDeadNodes()
    rest.nodes = own.sorted().map { nodes[$0] }
    rest.inputs += frontier
    rest = rest.withoutDeadNodes()
    let taken = Set(frozen.nodes.flatMap { $0.inputs.compactMap { $0 } } + frontier)
    frozen.inputs = inputs.filter(taken.contains)
    let wanted = Set(rest.nodes.flatMap { $0.inputs.compactMap { $0 } } + outputs)
    rest.inputs = rest.inputs.filter(wanted.contains)
    return (frozen, rest)
  }
}
