import BinaryIO
import ModelGraph
import Tensors

/// Gives a product with a transposed weight its own operator, which takes the weight as it is stored.
public struct FuseLinear: GraphPass {
  public static let name = "FuseLinear"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (index, node) in graph.nodes.enumerated() where node.operator is MatMul {
      guard node.inputs.count == 2, let x = node.inputs[0], let turned = node.inputs[1],
        let place = uses.producer(of: turned),
        let transpose = graph.nodes[place].operator as? Transpose,
        transpose.permutation ?? [1, 0] == [1, 0],
        let weight = graph.nodes[place].inputs.first ?? nil,
        graph.constants[weight] != nil || graph.parameters.contains(weight),
        graph[weight].type.rank == 2, graph[x].type.rank != nil,
        graph[x].type.dataType == .float32, graph[weight].type.dataType == .float32
      else { continue }
      var linear = node
      linear.operator = Linear()
      linear.inputs = [x, weight]
      patch.replace(index, with: [linear])
      patch.note(
        Rewrite(
          pass: Self.name, removed: [graph.nodes[place].name],
          into: "\(node.name) (\(Linear.name))"))
    }
    return patch
  }
}
