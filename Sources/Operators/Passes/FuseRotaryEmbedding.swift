import BinaryIO
import ModelGraph
import Tensors

/// Gives rotary embedding its own operator where it is spelt out as `x · cos + [-x₂, x₁] · sin` on `[batch, heads, sequence, size]`.
public struct FuseRotaryEmbedding: GraphPass {
  public static let name = "FuseRotaryEmbedding"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let pattern = GraphPattern(graph)
    var halves: [ValueID: ValueID] = [:]
    for (index, node) in graph.nodes.enumerated() where node.operator is Add {
      guard let found = pattern.rotation(at: node), patch.isFree(index, found.nodes) else {
        continue
      }
      var before: [Node] = []
      var tables: [ValueID] = []
      for table in [found.cosines, found.sines] {
        if let known = halves[table] {
          tables.append(known)
          continue
        }
        let (half, nodes) = pattern.half(of: table, size: found.size, &patch)
        halves[table] = half
        before += nodes
        tables.append(half)
      }
      let fusion = Fusion(
        operator: RotaryEmbedding(), inputs: [found.x] + tables, nodes: found.nodes)
      patch.fuse(fusion, at: index, of: graph, by: Self.name, behind: before)
    }
    return patch
  }
}

extension GraphPattern {
  fileprivate func rotation(
    at last: Node
  ) -> (x: ValueID, cosines: ValueID, sines: ValueID, size: Int, nodes: [Int])? {
    for (plain, turned) in sides(last) {
      guard let first = inner(plain), graph.nodes[first].operator is Mul,
        let second = inner(turned), graph.nodes[second].operator is Mul
      else { continue }
      for (x, cosines) in sides(graph.nodes[first]) {
        guard let dimensions = graph[x].type.dimensions, dimensions.count == 4,
          let size = dimensions[3].value, size % 2 == 0, dimensions[1].value != nil,
          graph[x].type.dataType == .float32
        else { continue }
        for (rotated, sines) in sides(graph.nodes[second]) {
          guard let nodes = halfTurn(rotated, of: x, size), isTable(cosines, x),
            isTable(sines, x)
          else { continue }
          return (x, cosines, sines, size, nodes + [first, second])
        }
      }
    }
    return nil
  }

  /// The nodes of `[-x₂, x₁]`, the halves of x along its last axis.
  private func halfTurn(_ id: ValueID, of x: ValueID, _ size: Int) -> [Int]? {
    guard let place = inner(id), let concat = graph.nodes[place].operator as? Concat,
      concat.axis == -1 || concat.axis == 3, graph.nodes[place].inputs.count == 2,
      let neg = inner(graph.nodes[place].inputs[0], Neg.self),
      let last = inner(neg.input), isHalf(graph.nodes[last], of: x, from: size / 2, size),
      let first = inner(graph.nodes[place].inputs[1]),
      isHalf(graph.nodes[first], of: x, from: 0, size)
    else { return nil }
    return [place, neg.place, last, first]
  }

  private func isHalf(_ node: Node, of x: ValueID, from start: Int, _ size: Int) -> Bool {
    guard node.operator is Slice, node.inputs.count >= 4, node.inputs[0] == x,
      graph.known(node.inputs[1])?.integers == [start],
      let axes = graph.known(node.inputs[3])?.integers, axes == [3] || axes == [-1],
      node.inputs.count < 5 || node.inputs[4] == nil || number(node.inputs[4]) == 1,
      let output = node.outputs.first ?? nil
    else { return false }
    return graph[output].type.dimensions?.last?.value == size / 2
  }

  /// Whether these are cosines or sines `[batch or 1, 1, sequence, size]` whose halves are the same.
  private func isTable(_ id: ValueID, _ x: ValueID) -> Bool {
    guard let table = graph[id].type.shape, let like = graph[x].type.shape, table.rank == 4,
      table[1] == 1, table[0] == 1 || table[0] == like[0], table[2] == like[2],
      table[3] == like[3]
    else { return false }
    guard let tensor = graph.known(id) else { return isTwice(id) }
    let (values, size) = (tensor.doubles, table[3])
    return stride(from: 0, to: values.count, by: size).allSatisfy { row in
      values[row..<(row + size / 2)].elementsEqual(values[(row + size / 2)..<(row + size)])
    }
  }

  /// Whether a value comes of joining another with itself along the last axis, element by element.
  private func isTwice(_ id: ValueID) -> Bool {
    var id = id
    for _ in 0..<8 {
      guard let place = uses.producer(of: id) else { return false }
      let node = graph.nodes[place]
      switch node.operator {
      case let concat as Concat:
        let rank = graph[id].type.rank ?? 0
        return (concat.axis == -1 || concat.axis == rank - 1) && node.inputs.count == 2
          && node.inputs[0] == node.inputs[1]
      case is Mul:
        guard let (inside, _) = scaling(node) else { return false }
        id = inside
      case is Cos, is Sin, is Cast, is Unsqueeze:
        guard let inside = node.inputs[0], let size = graph[id].type.dimensions?.last,
          graph[inside].type.dimensions?.last == size
        else { return false }
        id = inside
      default: return false
      }
    }
    return false
  }

  /// `[batch, sequence, size / 2]` of a table, and the nodes that make it.
  fileprivate func half(
    of table: ValueID, size: Int, _ patch: inout GraphPatch
  ) -> (ValueID, [Node]) {
    let name = graph[table].name
    if let tensor = graph.known(table), let shape = graph[table].type.shape {
      let values = tensor.floats
      let kept = stride(from: 0, to: values.count, by: size).flatMap {
        values[$0..<($0 + size / 2)]
      }
      return (
        patch.addConstant(
          "\(name)/half", Tensor(shape: [shape[0], shape[2], size / 2], kept)), []
      )
    }
    let (cut, half) = (patch.addValue("\(name)/cut"), patch.addValue("\(name)/half"))
    let bounds = [[0], [size / 2], [3]].enumerated().map {
      patch.addConstant("\(name)/cut_\($0)", Tensor($1 as [Int]))
    }
    let axis = patch.addConstant("\(name)/axis", Tensor([1] as [Int]))
    return (
      half,
      [
        Node(name: "\(name)/cut", Slice(), inputs: [table] + bounds, outputs: [cut]),
        Node(name: "\(name)/half", Squeeze(), inputs: [cut, axis], outputs: [half]),
      ]
    )
  }
}
