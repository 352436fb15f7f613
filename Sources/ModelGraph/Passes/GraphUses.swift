/// Who computes and who takes each value of a graph, as the graph is now.
public struct GraphUses: Sendable {
  private var producers: [ValueID: Int] = [:]
  private var takers: [ValueID: [Int]] = [:]
  private let outputs: Set<ValueID>

  public init(_ graph: Graph) {
    outputs = Set(graph.outputs)
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.outputs { producers[id] = index }
      for case let id? in node.inputs { takers[id, default: []].append(index) }
    }
  }

  /// The place of the node that computes the value.
  public func producer(of id: ValueID?) -> Int? { id.flatMap { producers[$0] } }

  /// The places of the nodes that take the value, once for each time.
  public func consumers(of id: ValueID) -> [Int] { takers[id] ?? [] }

  public func isOutput(_ id: ValueID) -> Bool { outputs.contains(id) }

  /// Whether exactly one node takes the value, once, and it is no output of the graph.
  public func isTakenOnce(_ id: ValueID) -> Bool {
    consumers(of: id).count == 1 && !isOutput(id)
  }
}

extension GraphPatch {
  /// Lets everyone who takes the only output of a node take `input` instead, and removes the node.
  ///
  /// Outputs of the graph keep their names: there the value goes the other way, to whoever computes
  /// `input`.
  /// - Returns: false, with nothing done, where that cannot be.
  @discardableResult
  public mutating func bypass(
    _ index: Int, taking input: ValueID, in graph: Graph, _ uses: GraphUses
  ) -> Bool {
    guard !touches(index), case let output?? = graph.nodes[index].outputs.first else {
      return false
    }
    if !uses.isOutput(output) {
      remove(index)
      redirect(output, to: input)
      return true
    }
    guard let producer = uses.producer(of: input), !uses.isOutput(input), !touches(producer) else {
      return false
    }
    var node = graph.nodes[producer]
    node.outputs = node.outputs.map { $0 == input ? output : $0 }
    replace(producer, with: [node])
    remove(index)
    redirect(input, to: output)
    return true
  }
}
