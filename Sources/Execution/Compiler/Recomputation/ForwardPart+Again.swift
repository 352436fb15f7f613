import ModelGraph

/// A graph that computes some nodes twice, and who takes its values.
struct GraphWithCopies {
  var graph: Graph
  /// For each value the nodes that would take it, or do so by a copy, if nothing were computed twice: what is made one step
  /// because nobody else takes it is to be the same step in both.
  var consumers: [[Int]]
  /// Nodes that are computed twice.
  var copies = 0
  /// Parts that are computed twice.
  var parts = 0
}

extension ForwardPart {
  /// The graph that keeps what flows over the cuts, and computes what else the way back takes of the parts before the last cut
  /// again, part by part, just before it takes it.
  ///
  /// - Parameter worth: other values that are kept.
  ///
  /// A part with numbers by chance that no key gives stays as it is.
  func computedAgain(between cuts: [Cut], keeping worth: Set<ValueID> = []) -> GraphWithCopies {
    var graph = graph
    let kept = worth.union(cuts.flatMap(\.values))
    var copies: [ValueID: ValueID] = [:]
    // What those take that go back
    var again: [ValueID: ValueID] = [:]
    var inserted: [Int: [(node: Node, origin: Int)]] = [:]
    var (start, parts) = (0, 0)
    for cut in cuts {
      let range = start..<cut.index
      start = cut.index
      let wanted = wanted(within: range, keeping: kept)
      guard let place = wanted.flatMap(returns).map(tailStart).min(),
        let nodes = nodes(for: wanted, within: range, keeping: kept)
      else { continue }
      var own: [ValueID: ValueID] = [:]
      for index in nodes {
        var node = graph.nodes[index]
        node.inputs = node.inputs.map { id in id.map { own[$0] ?? $0 } }
        for case let id? in node.outputs {
          own[id] = graph.addValue("\(graph[id].name)/again", graph[id].type)
        }
        node.outputs = node.outputs.map { $0.flatMap { own[$0] } }
        node.name += "/again"
        inserted[place, default: []].append((node, index))
      }
      for id in wanted { again[id] = own[id] }
      copies.merge(own) { first, _ in first }
      parts += 1
    }
    return assembled(graph, copies, again, inserted, parts: parts)
  }

  private func assembled(
    _ source: Graph, _ copies: [ValueID: ValueID], _ again: [ValueID: ValueID],
    _ inserted: [Int: [(node: Node, origin: Int)]], parts: Int
  ) -> GraphWithCopies {
    var all: [(node: Node, origin: Int, isCopy: Bool)] = []
    for (index, var node) in graph.nodes.enumerated() {
      for copy in inserted[index] ?? [] { all.append((copy.node, copy.origin, true)) }
      if index >= end { node.inputs = node.inputs.map { id in id.map { again[$0] ?? $0 } } }
      all.append((node, index, false))
    }
    var wanted = Set(graph.outputs)
    var live: [(node: Node, origin: Int, isCopy: Bool)] = []
    for entry in all.reversed()
    where entry.node.outputs.contains(where: { $0.map(wanted.contains) ?? false }) {
      for case let id? in entry.node.inputs { wanted.insert(id) }
      live.append(entry)
    }
    live.reverse()
    var (firsts, seconds): ([Int: Int], [Int: Int]) = ([:], [:])
    for (place, entry) in live.enumerated() {
      if entry.isCopy { seconds[entry.origin] = place } else { firsts[entry.origin] = place }
    }
    (firsts[graph.nodes.count], seconds[graph.nodes.count]) = (live.count, live.count)
    var result = GraphWithCopies(
      graph: source, consumers: [[Int]](repeating: [], count: source.values.count))
    result.graph.nodes = live.map(\.node)
    for (index, takers) in takers.enumerated() {
      result.consumers[index] = takers.compactMap { firsts[$0] ?? seconds[$0] }
    }
    for (id, copy) in copies {
      result.consumers[copy.index] = takers[id.index].compactMap { seconds[$0] ?? firsts[$0] }
    }
    result.copies = live.filter { $0.isCopy && firsts[$0.origin] != nil }.count
    result.parts = parts
    return result
  }
}
