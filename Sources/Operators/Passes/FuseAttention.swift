import BinaryIO
import ModelGraph
import Tensors

/// Gives attention that is spelt out as products with a softmax between its own operator.
///
/// `softmax(q · kᵀ · scale + mask) · v`, heads being the second of four axes.
public struct FuseAttention: GraphPass {
  public static let name = "FuseAttention"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() where node.operator is MatMul {
      guard !patch.touches(index), let found = Match(node, in: graph, uses),
        found.nodes.allSatisfy({ !patch.touches($0) })
      else { continue }
      let keys = patch.addValue("\(node.name)/keys")
      patch.replace(
        index,
        with: [
          Node(
            name: "\(node.name)/keys", Transpose(permutation: [0, 1, 3, 2]),
            inputs: [found.keys], outputs: [keys]),
          Node(
            name: node.name, Attention(scale: found.scale),
            inputs: [found.queries, keys, found.values] + (found.mask.map { [$0] } ?? []),
            outputs: node.outputs),
        ])
      for inner in found.nodes { patch.remove(inner) }
      patch.note(
        Rewrite(
          pass: Self.name, removed: found.nodes.map { graph.nodes[$0].name },
          into: "\(node.name) (\(Attention.name))"))
    }
    return patch
  }
}

/// What ends in a product with values.
private struct Match {
  var queries: ValueID
  /// `[batch, heads, size, keys]`.
  var keys: ValueID
  var values: ValueID
  var mask: ValueID?
  var scale = 1.0
  /// The nodes before the last one.
  var nodes: [Int] = []

  init?(_ last: Node, in graph: Graph, _ uses: GraphUses) {
    /// The node that computes the value, when nobody else takes it.
    func inner(_ id: ValueID?) -> Int? {
      id.flatMap { uses.isTakenOnce($0) ? uses.producer(of: $0) : nil }
    }
    func factor(_ node: Node) -> (ValueID, Double)? {
      guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else {
        return nil
      }
      func number(_ id: ValueID) -> Double? {
        graph.constants[id]?.elementCount == 1 ? graph.known(id)?.doubles[0] : nil
      }
      if node.operator is Div, let divisor = number(b), divisor != 0 { return (a, 1 / divisor) }
      guard node.operator is Mul else { return nil }
      if let factor = number(b) { return (a, factor) }
      return number(a).map { (b, $0) }
    }
    guard last.inputs.count == 2, let values = last.inputs[1], let shares = last.inputs[0],
      var place = inner(shares), let softmax = graph.nodes[place].operator as? Softmax,
      softmax.axis == -1 || softmax.axis == 3
    else { return nil }
    nodes = [place]
    guard let scores = inner(graph.nodes[place].inputs[0]) else { return nil }
    place = scores
    if graph.nodes[place].operator is Add, graph.nodes[place].inputs.count == 2 {
      let inputs = graph.nodes[place].inputs
      // The mask is the side that no product or scaling gives.
      let side = inputs.firstIndex { id in
        guard let before = inner(id) else { return false }
        return graph.nodes[before].operator is MatMul || factor(graph.nodes[before]) != nil
      }
      guard let side, let next = inner(inputs[side]) else { return nil }
      mask = inputs[1 - side]
      nodes.append(place)
      place = next
    }
    if let (product, scale) = factor(graph.nodes[place]) {
      guard let next = inner(product) else { return nil }
      self.scale = scale
      nodes.append(place)
      place = next
    }
    guard graph.nodes[place].operator is MatMul, graph.nodes[place].inputs.count == 2,
      let queries = graph.nodes[place].inputs[0], let keys = graph.nodes[place].inputs[1]
    else { return nil }
    nodes.append(place)
    (self.queries, self.keys, self.values) = (queries, keys, values)
    guard fits(graph) else { return nil }
  }

  /// Whether these are the operands of one attention: nothing stretches but the mask.
  private func fits(_ graph: Graph) -> Bool {
    guard let q = graph[queries].type.dimensions, let k = graph[keys].type.dimensions,
      let v = graph[values].type.dimensions, q.count == 4, k.count == 4, v.count == 4,
      q[0] == k[0], q[0] == v[0], q[1] == k[1], q[1] == v[1], q[1].value != nil,
      graph[queries].type.dataType == .float32, graph[values].type.dataType == .float32
    else { return false }
    guard let mask else { return true }
    guard let m = graph[mask].type.dimensions, graph[mask].type.dataType == .float32,
      (1...4).contains(m.count)
    else { return false }
    return zip(m.reversed(), [k[3], q[2], q[1], q[0]]).allSatisfy { $0 == 1 || $0 == $1 }
  }
}
