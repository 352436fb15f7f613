import BinaryIO
import ModelGraph
import Tensors

/// Takes one place of a sequence before what is computed of each place by itself, so that the others are not computed.
///
/// A classifier on the first token's vector needs of the last layer no more than that token's query, and what follows from
/// it. Shapes must be known.
public struct SelectEarly: GraphPass {
  public static let name = "SelectEarly"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() {
      guard let gather = node.operator as? Gather, let x = node.inputs[0],
        let place = graph.known(node.inputs[1]), place.elementCount == 1,
        let shape = graph[x].type.shape, shape.rank > 1,
        let axis = try? resolve(axis: gather.axis, rank: shape.rank), axis < shape.rank - 1,
        shape[axis] > 1
      else { continue }
      let selection = Selection(graph, uses, from: index, of: x, axis: axis)
      guard selection.isWorthIt else { continue }
      selection.apply(to: &patch, place: place)
      // Others may want the same nodes
      return patch
    }
    return patch
  }
}

/// The nodes before a `Gather` that need compute one place only.
private struct Selection {
  let graph: Graph
  let end: Int
  let x: ValueID
  let axis: Int
  let extent: Int
  /// By their places among the graph's nodes, each with its inputs that have the axis.
  private(set) var members: [Int: [Int]] = [:]

  init(_ graph: Graph, _ uses: GraphUses, from end: Int, of x: ValueID, axis: Int) {
    (self.graph, self.end, self.x, self.axis) = (graph, end, x, axis)
    extent = graph[x].type.shape?[axis] ?? 0
    for index in (0..<end).reversed() {
      let node = graph.nodes[index]
      guard let output = node.outputs.first ?? nil, !uses.isOutput(output),
        node.outputs.dropFirst().allSatisfy({ $0.map(uses.consumers)?.isEmpty ?? true }),
        carries(output), areSelected(uses.consumers(of: output), taking: output),
        let inputs = carriers(of: node), !inputs.isEmpty
      else { continue }
      members[index] = inputs
    }
  }

  /// Whether a product is among them.
  var isWorthIt: Bool {
    members.keys.contains {
      graph.nodes[$0].operator is Linear || graph.nodes[$0].operator is MatMul
    }
  }

  private func carries(_ id: ValueID) -> Bool {
    guard let shape = graph[id].type.shape, let wanted = graph[x].type.shape else { return false }
    return shape.rank == wanted.rank && shape[axis] == extent
  }

  private func areSelected(_ consumers: [Int], taking id: ValueID) -> Bool {
    !consumers.isEmpty
      && consumers.allSatisfy { consumer in
        if consumer == end { return id == x }
        guard let inputs = members[consumer] else { return false }
        return graph.nodes[consumer].inputs.enumerated()
          .allSatisfy { $1 != id || inputs.contains($0) }
      }
  }

  /// The inputs of which a place of the result needs the same place alone; nil where it needs others.
  private func carriers(of node: Node) -> [Int]? {
    guard let first = node.inputs.first ?? nil,
      carries(first) || node.operator is any ElementwiseBinary
    else { return nil }
    switch node.operator {
    case is any ElementwiseUnary, is Identity, is Linear: return [0]
    case is any ElementwiseBinary: return carriersOfBroadcast(node)
    case let norm as LayerNormalization: return isBefore(norm.axis) ? [0] : nil
    case let norm as RMSNormalization: return isBefore(norm.axis) ? [0] : nil
    case is MatMul:
      return node.inputs[1].flatMap { graph[$0].type.rank } == 2 ? [0] : nil
    case is DropoutInTraining: return [0]
    case let attention as Attention:
      return attention.isPlain(node) && isOfEachQuery(attention, node) ? [0] : nil
    case let layer as AttentionInTraining:
      return isOfEachQuery(layer.attention, node) ? [0] : nil
    default: return nil
    }
  }

  private func isBefore(_ normalized: Int) -> Bool {
    guard let rank = graph[x].type.rank, let first = try? resolve(axis: normalized, rank: rank)
    else { return false }
    return axis < first
  }

  private func carriersOfBroadcast(_ node: Node) -> [Int]? {
    guard let rank = graph[x].type.rank else { return nil }
    var found: [Int] = []
    for (index, input) in node.inputs.enumerated() {
      guard let input, let shape = graph[input].type.shape, shape.rank <= rank else { return nil }
      let own = axis - (rank - shape.rank)
      if carries(input) {
        found.append(index)
      } else if own >= 0, shape[own] != 1 {
        return nil
      }
    }
    return found
  }

  private func isOfEachQuery(_ attention: Attention, _ node: Node) -> Bool {
    guard axis == 1, graph[x].type.rank == 3, !attention.isCausal, attention.leftWindow == nil,
      attention.rightWindow == nil,
      node.inputs[1] != node.inputs[0], node.inputs[2] != node.inputs[0]
    else { return false }
    guard node.inputs.count > 3, let mask = node.inputs[3] else { return true }
    guard let shape = graph[mask].type.shape else { return false }
    return shape.rank < 2 || shape[shape.rank - 2] == 1
  }

  func apply(to patch: inout GraphPatch, place: Tensor) {
    let name = graph.nodes[end].name
    let index = patch.addConstant("\(name).place", Tensor(place.integers))
    let zero = patch.addConstant(
      "\(name).zero",
      Tensor(shape: place.shape, [Int](repeating: 0, count: 1)).cast(to: place.dataType))
    var selected: [ValueID: ValueID] = [:]
    func value(_ id: ValueID, _ patch: inout GraphPatch, _ added: inout [Node]) -> ValueID {
      if let known = selected[id] { return known }
      var dimensions = graph[id].type.dimensions ?? []
      dimensions[axis] = .fixed(1)
      let new = patch.addValue(
        "\(graph[id].name).selected", TensorType(graph[id].type.dataType, dimensions))
      selected[id] = new
      added.append(
        Node(
          name: "\(name).of.\(graph[id].name)", Gather(axis: axis), inputs: [id, index],
          outputs: [new]))
      return new
    }
    for (member, inputs) in members.sorted(by: { $0.key < $1.key }) {
      var (node, added) = (graph.nodes[member], [Node]())
      for input in inputs {
        node.inputs[input] = node.inputs[input].map { value($0, &patch, &added) }
      }
      guard let output = node.outputs[0] else { continue }
      var ignored: [Node] = []
      node.outputs = [value(output, &patch, &ignored)]
      patch.replace(member, with: added + [node])
    }
    var last = graph.nodes[end]
    last.inputs = [selected[x] ?? x, selected[x] == nil ? last.inputs[1] : zero]
    patch.replace(end, with: [last])
    patch.note(
      Rewrite(
        pass: SelectEarly.name, removed: members.keys.sorted().map { graph.nodes[$0].name },
        into: name))
  }
}
