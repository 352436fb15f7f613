/// Removes nodes from which no output follows.
public struct RemoveDeadNodes: GraphPass {
  public static let name = "RemoveDeadNodes"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    var wanted = Set(graph.outputs)
    for (index, node) in graph.nodes.enumerated().reversed() {
      if node.outputs.contains(where: { $0.map(wanted.contains) ?? false }) {
        wanted.formUnion(node.inputs.compactMap { $0 })
      } else {
        patch.remove(index)
        patch.note(Rewrite(pass: Self.name, removed: [node.name], into: ""))
      }
    }
    return patch
  }
}
