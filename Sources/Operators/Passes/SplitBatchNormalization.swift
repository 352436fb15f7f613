import BinaryIO
import ModelGraph
import Tensors

/// Says a BatchNormalization of known statistics as a Mul and an Add, for runtimes and files
/// without one.
public struct SplitBatchNormalization: GraphPass {
  public static let name = "SplitBatchNormalization"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    for (index, node) in graph.nodes.enumerated() {
      guard node.operator is BatchNormalization, case let x?? = node.inputs.first,
        case let output?? = node.outputs.first, let dimensions = graph[x].type.dimensions,
        dimensions.count >= 2, let channels = dimensions[1].value,
        let affine = ChannelAffine(
          node, of: x, channels: channels, rank: dimensions.count, in: graph),
        let factor = affine.factor, let summand = affine.summand
      else { continue }
      let type = graph[x].type.dataType ?? .float32
      let shape = Shape([channels] + [Int](repeating: 1, count: dimensions.count - 2))
      let product = patch.addValue("\(node.name).product", graph[x].type)
      func constant(_ name: String, _ values: [Double]) -> ValueID {
        patch.addConstant("\(node.name).\(name)", Tensor(shape: shape, values).cast(to: type))
      }
      patch.replace(
        index,
        with: [
          Node(
            name: "\(node.name).mul", Mul(), inputs: [x, constant("factor", factor)],
            outputs: [product]),
          Node(
            name: "\(node.name).add", Add(), inputs: [product, constant("summand", summand)],
            outputs: [output]),
        ])
      patch.note(
        Rewrite(
          pass: Self.name, removed: [node.name], into: "\(node.name).add",
          weights: affine.weights.map { graph[$0].name }))
    }
    return patch
  }
}
