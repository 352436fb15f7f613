import BinaryIO
import ModelGraph
import Tensors

/// Looks at what computes a value, for passes that find what is spelt out in several operators.
///
/// Every value inside a pattern must be taken by that pattern alone.
struct GraphPattern {
  let graph: Graph
  let uses: GraphUses

  init(_ graph: Graph) {
    self.graph = graph
    uses = GraphUses(graph)
  }

  /// The node that computes the value, when nobody else takes it.
  func inner(_ id: ValueID?) -> Int? {
    id.flatMap { uses.isTakenOnce($0) ? uses.producer(of: $0) : nil }
  }

  /// The same, when the node is of that kind: its place and its first input.
  func inner<Kind: Operator>(
    _ id: ValueID?, _ kind: Kind.Type
  ) -> (place: Int, node: Kind, input: ValueID)? {
    guard let place = inner(id), let node = graph.nodes[place].operator as? Kind,
      let input = graph.nodes[place].inputs.first ?? nil
    else { return nil }
    return (place, node, input)
  }

  /// A constant that is one number.
  func number(_ id: ValueID?) -> Double? {
    guard let id, graph.constants[id]?.elementCount == 1 else { return nil }
    return graph.known(id)?.doubles[0]
  }

  /// Both inputs of a node with two, each first once.
  func sides(_ node: Node) -> [(ValueID, ValueID)] {
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return [] }
    return [(a, b), (b, a)]
  }

  /// A Mul or Div by a number: what is scaled, and the factor.
  func scaling(_ node: Node) -> (ValueID, Double)? {
    guard node.inputs.count == 2, let output = node.outputs.first ?? nil else { return nil }
    if node.operator is Div, let x = node.inputs[0], let divisor = number(node.inputs[1]),
      divisor != 0, keeps(x, output)
    {
      return (x, 1 / divisor)
    }
    guard node.operator is Mul else { return nil }
    for (x, other) in sides(node) {
      if let factor = number(other), keeps(x, output) { return (x, factor) }
    }
    return nil
  }

  /// Whether the number beside x did not add axes.
  func keeps(_ x: ValueID, _ result: ValueID) -> Bool {
    guard let before = graph[x].type.rank, let after = graph[result].type.rank else { return false }
    return before == after
  }

  /// Whether a node works along the last axis alone, its axes being input `index`.
  func isAlongLastAxis(_ node: Node, axes index: Int = 1) -> Bool {
    guard node.inputs.indices.contains(index),
      let rank = node.inputs[0].flatMap({ graph[$0].type.rank }),
      let axes = graph.known(node.inputs[index])?.integers
    else { return false }
    return axes == [-1] || axes == [rank - 1]
  }
}

/// An operator that does what several nodes do.
struct Fusion {
  var `operator`: any Operator
  var inputs: [ValueID?]
  /// The nodes before the last one, which are not needed any more.
  var nodes: [Int]
}

extension GraphPatch {
  /// Whether no other rewrite has the node or one before it.
  func isFree(_ index: Int, _ nodes: [Int]) -> Bool {
    !touches(index) && nodes.allSatisfy { !touches($0) }
  }

  /// Puts the fused operator in the place of the last node, behind what prepares its inputs.
  mutating func fuse(
    _ fusion: Fusion, at index: Int, of graph: Graph, by pass: String, behind before: [Node] = []
  ) {
    var fused = graph.nodes[index]
    fused.operator = fusion.operator
    fused.inputs = fusion.inputs
    replace(index, with: before + [fused])
    for inner in fusion.nodes { remove(inner) }
    note(
      Rewrite(
        pass: pass, removed: fusion.nodes.map { graph.nodes[$0].name },
        into: "\(fused.name) (\(fusion.operator.name))"))
  }
}

extension Double {
  /// Whether both are the same number in Float, or the next one to it.
  func isClose(to other: Double) -> Bool { abs(self - other) <= 1e-6 * abs(other) }
}
