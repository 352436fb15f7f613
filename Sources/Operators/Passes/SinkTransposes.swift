import BinaryIO
import ModelGraph
import Tensors

/// Moves transposes behind operators that look at each element alone, until they meet another one.
///
/// A binary operator lets them through when both its inputs come transposed alike, or the other is
/// a constant that can be
/// transposed back.
public struct SinkTransposes: GraphPass {
  public static let name = "SinkTransposes"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() where canPass(node) && !patch.touches(index) {
      guard node.outputs.count == 1, let output = node.outputs[0],
        let (order, sources) = transposed(node, graph, uses, &patch)
      else { continue }
      let type = graph[output].type
      let inner = type.dimensions.map { dimensions in
        var before = dimensions
        for (axis, source) in order.enumerated() { before[source] = dimensions[axis] }
        return before
      }
      let early = patch.addValue("\(graph[output].name).untransposed", .init(type.dataType, inner))
      var first = node
      first.inputs = sources
      first.outputs = [early]
      if let concat = node.operator as? Concat {
        first.operator = Concat(
          axis: order[concat.axis < 0 ? concat.axis + order.count : concat.axis])
      }
      let second = Node(
        name: "\(node.name).transpose", Transpose(permutation: order), inputs: [early],
        outputs: [output])
      patch.replace(index, with: [first, second])
      patch.note(Rewrite(pass: Self.name, removed: [], into: node.name))
    }
    return patch
  }

  private func canPass(_ node: Node) -> Bool {
    switch node.operator {
    case is any ElementwiseUnary, is any ElementwiseBinary, is Concat, is Cast: true
    case is Clip: true
    default: false
    }
  }

  /// The order that all inputs come transposed by, and what they were before; nil when they did not
  /// all.
  private func transposed(
    _ node: Node, _ graph: Graph, _ uses: GraphUses, _ patch: inout GraphPatch
  ) -> (order: [Int], sources: [ValueID?])? {
    let count = node.operator is Clip ? 1 : node.inputs.count
    var order: [Int]?
    var sources: [ValueID?] = node.inputs
    var constants: [Int] = []
    for index in 0..<count {
      guard let id = node.inputs[index] else { return nil }
      if graph.constants[id] != nil, !(node.operator is Concat) {
        constants.append(index)
        continue
      }
      guard let place = uses.producer(of: id), uses.isTakenOnce(id), !patch.touches(place),
        let transpose = graph.nodes[place].operator as? Transpose, let rank = graph[id].type.rank,
        let own = try? transpose.order(rank: rank), order == nil || order == own,
        case let source?? = graph.nodes[place].inputs.first
      else { return nil }
      order = own
      sources[index] = source
    }
    guard let order else { return nil }
    for index in constants {
      guard let tensor = graph.known(node.inputs[index]), tensor.rank <= order.count else {
        return nil
      }
      if tensor.elementCount == 1 && tensor.rank == 0 { continue }
      let padding = [Int](repeating: 1, count: order.count - tensor.rank)
      let wide = tensor.reshaped(Shape(padding + tensor.shape.dimensions))
      var inverse = order
      for (axis, source) in order.enumerated() { inverse[source] = axis }
      let name = node.inputs[index].map { graph[$0].name } ?? node.name
      sources[index] = patch.addConstant("\(name).untransposed", wide.permuted(inverse))
    }
    return (order, sources)
  }
}
