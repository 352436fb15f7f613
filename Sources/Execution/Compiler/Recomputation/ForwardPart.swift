import ModelGraph
import Tensors

/// The nodes of a learning graph that lead to its loss, and what those that go back from it take of them.
struct ForwardPart {
  let graph: Graph
  /// The first node that goes back.
  let end: Int
  /// For each value the node that computes it, where that leads forwards.
  let producers: [Int?]
  /// For each value the nodes that take it, once for each time, and their count where it is an output of the graph.
  let takers: [[Int]]
  /// For each value the last of its takers that leads forwards; -1 where there is none.
  let lastUses: [Int]
  /// For each node the first one of those that may become one step with it, itself if none does: a sum takes along what
  /// follows it, where nobody else takes it.
  private let tailStarts: [Int]
  /// For each value the one whose memory it has: what only looks at another otherwise has none of its own.
  private let roots: [ValueID]

  /// - Parameter flow: the input that every gradient is made of.
  /// - Returns: nil for a graph that does not go back.
  init?(_ graph: Graph, flow: ValueID) {
    guard let end = graph.nodes.firstIndex(where: { $0.inputs.contains(flow) }) else { return nil }
    self.graph = graph
    self.end = end
    let count = graph.values.count
    var producers = [Int?](repeating: nil, count: count)
    var lastUses = [Int](repeating: -1, count: count)
    let takers = graph.consumers
    var tailStarts = Array(graph.nodes.indices)
    var sources = [Int?](repeating: nil, count: count)
    var roots = (0..<count).map { ValueID(index: $0) }
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs {
        if index < end { lastUses[id.index] = index }
        if node.operator.mayBeInTail, takers[id.index].count == 1, let source = sources[id.index] {
          tailStarts[index] = min(tailStarts[index], tailStarts[source])
        }
      }
      for case let id? in node.outputs { sources[id.index] = index }
      guard index < end else { continue }
      for case let id? in node.outputs { producers[id.index] = index }
      if Lowering.isView(node.operator), let x = node.inputs.first ?? nil,
        let y = node.outputs.first ?? nil
      {
        roots[y.index] = roots[x.index]
      }
    }
    (self.producers, self.takers, self.lastUses) = (producers, takers, lastUses)
    (self.tailStarts, self.roots) = (tailStarts, roots)
  }

  func root(_ id: ValueID) -> ValueID { roots[id.index] }

  /// What the value's memory takes; nothing for what the graph is given.
  func bytes(_ id: ValueID) -> Int {
    let root = root(id)
    guard producers[root.index] != nil, let shape = graph[root].type.shape,
      let type = graph[root].type.dataType
    else { return 0 }
    return type.byteCount(of: shape.elementCount)
  }

  /// Whether nodes that go back take the value, so that it is kept until then.
  func isSaved(_ id: ValueID) -> Bool {
    producers[id.index] != nil && !returns(id).isEmpty
  }

  /// The nodes that go back and take the value.
  func returns(_ id: ValueID) -> [Int] {
    takers[id.index].filter { $0 >= end && $0 < graph.nodes.count }
  }

  func tailStart(_ node: Int) -> Int { tailStarts[node] }

  /// Whether one node alone takes the value, which then may be within the step that computes both, and never be in memory.
  func mayBeHidden(_ id: ValueID) -> Bool {
    graph[id].type.dataType.map(\.isFloatingPoint) != false && takers[id.index].count < 2
  }

  /// Whether the value is little beside what its node computes, and leads nowhere but back: a batch's statistics.
  func isByProduct(_ id: ValueID) -> Bool {
    guard lastUses[id.index] < 0, let producer = producers[id.index],
      let first = graph.nodes[producer].outputs.first ?? nil, first != id
    else { return false }
    return bytes(id) <= bytes(first) / 8
  }
}
