import BinaryIO
import ModelGraph
import Tensors

/// Joins the past of an `Attention` to its keys and values beforehand, where all shapes are known, so that what remains is attention
/// over keys that are there.
public struct SplitPast: GraphPass {
  public static let name = "SplitPast"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    for (index, node) in graph.nodes.enumerated() {
      guard let attention = node.operator as? Attention, node.inputs.count > 5,
        let nodes = split(attention, node, graph, &patch)
      else { continue }
      patch.replace(index, with: nodes)
      patch.note(Rewrite(pass: Self.name, removed: [], into: "\(node.name) (\(Attention.name))"))
    }
    return patch
  }

  private func split(
    _ attention: Attention, _ node: Node, _ graph: Graph, _ patch: inout GraphPatch
  ) -> [Node]? {
    guard let q = node.inputs[0], let k = node.inputs[1], let v = node.inputs[2],
      let pastKeys = node.inputs[4], let pastValues = node.inputs[5],
      let past = graph[pastKeys].type.shape, past.rank == 4,
      graph[pastValues].type.shape?.rank == 4, graph[pastValues].type.shape?[2] == past[2],
      let queries = graph[q].type.shape, let keys = graph[k].type.shape,
      let values = graph[v].type.shape, queries.rank == keys.rank, keys.rank == values.rank,
      let output = node.outputs.first ?? nil, node.outputs.count < 4 || node.outputs[3] == nil,
      [q, k, v, pastKeys, pastValues].allSatisfy({ graph[$0].type.dataType == .float32 })
    else { return nil }
    let isJoined = queries.rank == 3
    var nodes: [Node] = []
    func add(
      _ operation: any Operator, _ inputs: [ValueID?], _ suffix: String, _ result: ValueID? = nil
    )
      -> ValueID
    {
      let name = "\(node.name)/\(suffix)"
      let id = result ?? patch.addValue(name)
      nodes.append(Node(name: name, operation, inputs: inputs, outputs: [id]))
      return id
    }
    func apart(_ x: ValueID, _ heads: Int?, _ suffix: String, _ result: ValueID? = nil) -> ValueID?
    {
      guard isJoined else { return result == nil ? x : add(Identity(), [x], suffix, result) }
      guard let heads, heads > 0, let width = graph[x].type.shape?[2], width % heads == 0 else {
        return nil
      }
      let shape = patch.addConstant(
        "\(node.name)/\(suffix)_shape", Tensor([0, 0, heads, width / heads]))
      let split = add(Reshape(), [x, shape], "\(suffix)_split")
      return add(Transpose(permutation: [0, 2, 1, 3]), [split], suffix, result)
    }
    func present(_ index: Int) -> ValueID? {
      node.outputs.indices.contains(index) ? node.outputs[index] : nil
    }
    let isEmpty = past[2] == 0
    guard let query = apart(q, attention.queryHeads, "q"),
      let key = apart(k, attention.keyValueHeads, "k", isEmpty ? present(1) : nil),
      let value = apart(v, attention.keyValueHeads, "v", isEmpty ? present(2) : nil)
    else { return nil }
    let allKeys = isEmpty ? key : add(Concat(axis: 2), [pastKeys, key], "keys", present(1))
    let allValues =
      isEmpty ? value : add(Concat(axis: 2), [pastValues, value], "values", present(2))
    var inner = attention
    (inner.queryHeads, inner.keyValueHeads) = (nil, nil)
    // The queries are the last of all positions
    let total = past[2] + (isJoined ? keys[1] : keys[2])
    let counts = patch.addConstant(
      "\(node.name)/total", Tensor([Int](repeating: total, count: queries[0])))
    let mask = node.inputs.count > 3 ? node.inputs[3] : nil
    let y = add(
      inner, [query, allKeys, allValues, mask, nil, nil, counts], "attention",
      isJoined ? nil : output)
    if isJoined {
      let turned = add(Transpose(permutation: [0, 2, 1, 3]), [y], "joined")
      let shape = patch.addConstant("\(node.name)/result_shape", Tensor([0, 0, -1]))
      _ = add(Reshape(), [turned, shape], "result", output)
    }
    return nodes
  }
}
