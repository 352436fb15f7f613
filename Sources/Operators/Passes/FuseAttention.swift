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
    let pattern = GraphPattern(graph)
    for (index, node) in graph.nodes.enumerated() where node.operator is MatMul {
      guard let found = Match(node, in: pattern), patch.isFree(index, found.nodes) else {
        continue
      }
      var keys = found.keys
      var before: [Node] = []
      if found.areKeysTurned {
        keys = patch.addValue("\(node.name)/keys")
        before.append(
          Node(
            name: "\(node.name)/keys", Transpose(permutation: [0, 1, 3, 2]),
            inputs: [found.keys], outputs: [keys]))
      }
      let fusion = Fusion(
        operator: Attention(scale: found.scale),
        inputs: [found.queries, keys, found.values] + (found.mask.map { [$0] } ?? []),
        nodes: found.nodes)
      patch.fuse(fusion, at: index, of: graph, by: Self.name, behind: before)
    }
    return patch
  }
}

/// What ends in a product with values.
private struct Match {
  var queries: ValueID
  var keys: ValueID
  /// Whether the keys are `[batch, heads, size, keys]` still.
  var areKeysTurned = true
  var values: ValueID
  var mask: ValueID?
  var scale = 1.0
  /// The nodes before the last one that are not needed any more.
  var nodes: [Int] = []

  init?(_ last: Node, in pattern: GraphPattern) {
    let graph = pattern.graph
    guard last.inputs.count == 2, let values = last.inputs[1], let shares = last.inputs[0] else {
      return nil
    }
    self.values = values
    var place: Int
    if let guarded = pattern.guarded(shares) {
      place = guarded.softmax
      nodes = guarded.nodes
    } else if let found = pattern.inner(shares) {
      place = found
    } else {
      return nil
    }
    guard let softmax = graph.nodes[place].operator as? Softmax,
      softmax.axis == -1 || softmax.axis == 3
    else { return nil }
    nodes.append(place)
    guard let scores = pattern.inner(graph.nodes[place].inputs[0]) else { return nil }
    place = scores
    if graph.nodes[place].operator is Add, graph.nodes[place].inputs.count == 2 {
      let inputs = graph.nodes[place].inputs
      // The mask is the side that no product or scaling gives.
      let side = inputs.firstIndex { id in
        guard let before = pattern.inner(id) else { return false }
        return graph.nodes[before].operator is MatMul
          || pattern.scaling(graph.nodes[before]) != nil
      }
      guard let side, let next = pattern.inner(inputs[side]) else { return nil }
      mask = inputs[1 - side]
      nodes.append(place)
      place = next
    }
    if let (product, factor) = pattern.scaling(graph.nodes[place]) {
      guard let next = pattern.inner(product) else { return nil }
      scale = factor
      nodes.append(place)
      place = next
    }
    guard graph.nodes[place].operator is MatMul, graph.nodes[place].inputs.count == 2,
      let queries = graph.nodes[place].inputs[0], let keys = graph.nodes[place].inputs[1]
    else { return nil }
    nodes.append(place)
    (self.queries, self.keys) = (queries, keys)
    takeFactors(pattern)
    if let plain = pattern.turnedBack(self.keys) {
      self.keys = plain
      areKeysTurned = false
      if let key = pattern.shared(plain), let value = pattern.shared(values) {
        (self.keys, self.values) = (key, value)
      }
    }
    guard fits(graph) else { return nil }
  }

  /// Some scale queries and keys, by the root of the scale each.
  private mutating func takeFactors(_ pattern: GraphPattern) {
    func stripped(_ id: ValueID) -> (ValueID, Double, Int)? {
      guard let place = pattern.inner(id),
        let (inside, factor) = pattern.scaling(pattern.graph.nodes[place])
      else { return nil }
      return (inside, factor, place)
    }
    if let (inside, factor, place) = stripped(queries) {
      queries = inside
      scale *= factor
      nodes.append(place)
    }
    if let (inside, factor, place) = stripped(keys) {
      keys = inside
      scale *= factor
      nodes.append(place)
    }
  }

  /// Whether these are the operands of one attention: nothing stretches but the mask, and heads that share keys.
  private func fits(_ graph: Graph) -> Bool {
    guard let q = graph[queries].type.dimensions, var k = graph[keys].type.dimensions,
      let v = graph[values].type.dimensions, q.count == 4, k.count == 4, v.count == 4
    else { return false }
    if areKeysTurned { k.swapAt(2, 3) }
    guard q[0] == k[0], q[0] == v[0], k[1] == v[1], let heads = q[1].value,
      q[1] == k[1] || k[1].value.map({ $0 > 0 && heads % $0 == 0 && !areKeysTurned }) == true,
      graph[queries].type.dataType == .float32, graph[values].type.dataType == .float32
    else { return false }
    guard let mask else { return true }
    guard let m = graph[mask].type.dimensions, graph[mask].type.dataType == .float32,
      (1...4).contains(m.count)
    else { return false }
    return zip(m.reversed(), [k[2], q[2], q[1], q[0]]).allSatisfy { $0 == 1 || $0 == $1 }
  }
}

extension GraphPattern {
  /// A softmax whose rows without any key are made zeros, which is what attention gives there.
  fileprivate func guarded(_ shares: ValueID) -> (softmax: Int, nodes: [Int])? {
    guard let place = inner(shares), graph.nodes[place].operator is Where,
      graph.nodes[place].inputs.count == 3, number(graph.nodes[place].inputs[1]) == 0,
      let rows = graph.nodes[place].inputs[2], !uses.isOutput(rows),
      uses.consumers(of: rows).count == 2, let softmax = uses.producer(of: rows),
      let test = inner(graph.nodes[place].inputs[0], IsNaN.self), test.input == rows
    else { return nil }
    return (softmax, [place, test.place])
  }

  /// `[batch, heads, keys, size]` of what was turned from it, by one transposition or by way of three axes.
  fileprivate func turnedBack(_ keys: ValueID) -> ValueID? {
    guard let place = uses.producer(of: keys), let input = graph.nodes[place].inputs.first ?? nil
    else { return nil }
    if let transpose = graph.nodes[place].operator as? Transpose {
      return transpose.permutation == [0, 1, 3, 2] ? input : nil
    }
    guard graph.nodes[place].operator is Reshape, let middle = uses.producer(of: input),
      let transpose = graph.nodes[middle].operator as? Transpose,
      transpose.permutation == [0, 2, 1], let flat = graph.nodes[middle].inputs.first ?? nil,
      let first = uses.producer(of: flat), graph.nodes[first].operator is Reshape,
      let plain = graph.nodes[first].inputs.first ?? nil,
      let before = graph[plain].type.shape, let after = graph[keys].type.shape,
      let between = graph[flat].type.shape, before.rank == 4, after.rank == 4,
      Array(after) == [before[0], before[1], before[3], before[2]],
      Array(between) == [before[0] * before[1], before[2], before[3]]
    else { return nil }
    return plain
  }

  /// The fewer heads of keys or values that a value repeats, each for its neighbouring heads of queries.
  fileprivate func shared(_ id: ValueID) -> ValueID? {
    guard let last = uses.producer(of: id), graph.nodes[last].operator is Reshape,
      let wide = graph.nodes[last].inputs.first ?? nil, let middle = uses.producer(of: wide),
      graph.nodes[middle].operator is Expand,
      let column = graph.nodes[middle].inputs.first ?? nil,
      let first = uses.producer(of: column), graph.nodes[first].operator is Unsqueeze,
      let plain = graph.nodes[first].inputs.first ?? nil,
      let few = graph[plain].type.shape, let many = graph[id].type.shape,
      let expanded = graph[wide].type.shape, let unsqueezed = graph[column].type.shape,
      few.rank == 4, many.rank == 4, expanded.rank == 5,
      Array(unsqueezed) == [few[0], few[1], 1, few[2], few[3]],
      Array(expanded) == [few[0], few[1], expanded[2], few[2], few[3]],
      Array(many) == [few[0], few[1] * expanded[2], few[2], few[3]]
    else { return nil }
    return plain
  }
}
