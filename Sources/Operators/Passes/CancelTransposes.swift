import ModelGraph

/// Makes one Transpose of two that follow each other; where they undo each other, none is left.
public struct CancelTransposes: GraphPass {
  public static let name = "CancelTransposes"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() {
      guard let second = node.operator as? Transpose, case let between?? = node.inputs.first,
        let place = uses.producer(of: between), let rank = graph[between].type.rank,
        let first = graph.nodes[place].operator as? Transpose,
        case let x?? = graph.nodes[place].inputs.first,
        let inner = try? first.order(rank: rank), let outer = try? second.order(rank: rank)
      else { continue }
      let order = outer.map { inner[$0] }
      if order == Array(0..<rank) {
        guard patch.bypass(index, taking: x, in: graph, uses) else { continue }
      } else if !patch.touches(index) {
        var joined = node
        joined.operator = Transpose(permutation: order)
        joined.inputs = [x]
        patch.replace(index, with: [joined])
      } else {
        continue
      }
      patch.note(
        Rewrite(
          pass: Self.name, removed: [graph.nodes[place].name, node.name], into: graph[x].name))
    }
    return patch
  }
}
