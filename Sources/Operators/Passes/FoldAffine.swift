import BinaryIO
import ModelGraph
import Tensors

/// Folds what follows a convolution or matrix product, channel by channel, into its weights:
/// BatchNormalization, and
/// Mul, Add, Sub or Div by a constant.
public struct FoldAffine: GraphPass {
  public static let name = "FoldAffine"

  public init() {}

  public func patch(for graph: Graph) throws -> GraphPatch {
    var patch = GraphPatch(for: graph)
    let uses = GraphUses(graph)
    for (place, node) in graph.nodes.enumerated() {
      guard case let sum?? = node.outputs.first, node.outputs.count == 1, uses.isTakenOnce(sum),
        let index = uses.consumers(of: sum).first, !patch.touches(index), !patch.touches(place),
        ChannelAffine.mayBe(graph.nodes[index].operator),
        let target = FoldingTarget(node, graph), let rank = graph[sum].type.rank ?? target.rank,
        let affine = ChannelAffine(
          graph.nodes[index], of: sum, channels: target.channels, rank: rank, in: graph),
        graph.nodes[index].outputs.dropFirst().allSatisfy({ $0 == nil }),
        case let output?? = graph.nodes[index].outputs.first
      else { continue }
      let names = [target.weight] + (target.bias.map { [$0] } ?? []) + affine.weights
      var folded = node
      folded.operator = target.operatorAfterFolding
      folded.outputs = [output]
      folded.inputs = [
        node.inputs[0],
        affine.factor == nil
          ? target.weight
          : patch.addConstant("\(graph[target.weight].name).folded", target.scaled(affine, graph)),
        patch.addConstant("\(node.name).bias.folded", target.shifted(affine, graph)),
      ]
      patch.remove(place)
      patch.replace(index, with: [folded])
      patch.note(
        Rewrite(
          pass: Self.name, removed: [graph.nodes[index].name], into: node.name,
          weights: names.map { graph[$0].name }))
    }
    return patch
  }
}

/// A Conv, ConvTranspose or Gemm whose weights are known.
private struct FoldingTarget {
  var `operator`: any Operator
  var weight: ValueID
  var bias: ValueID?
  var channels: Int
  private let tensor: Tensor
  /// The weight's axis that runs over the output channels of a group.
  private let axis: Int

  init?(_ node: Node, _ graph: Graph) {
    guard node.inputs.count >= 2, let weight = node.inputs[1], let tensor = graph.known(weight),
      tensor.dataType.isFloatingPoint, tensor.rank >= 2
    else { return nil }
    self.weight = weight
    self.tensor = tensor
    `operator` = node.operator
    bias = node.inputs.count > 2 ? node.inputs[2] : nil
    switch node.operator {
    case is Conv:
      axis = 0
      channels = tensor.shape[0]
    case let conv as ConvTranspose:
      axis = 1
      guard conv.groups > 0, tensor.shape[0] % conv.groups == 0 else { return nil }
      channels = tensor.shape[1] * conv.groups
    case let gemm as Gemm:
      axis = gemm.transposeB ? 0 : 1
      guard tensor.rank == 2, bias == nil || gemm.beta == 1 else { return nil }
      channels = tensor.shape[axis]
    default: return nil
    }
    guard let bias else { return }
    guard let known = graph.known(bias), known.rank <= 2, known.dataType == tensor.dataType,
      known.elementCount == 1 || known.elementCount == channels,
      known.rank < 2 || known.shape[0] == 1
    else { return nil }
  }

  /// The rank of the output, where it follows from the operator.
  var rank: Int? { `operator` is Gemm ? 2 : tensor.rank }

  var operatorAfterFolding: any Operator {
    guard var gemm = `operator` as? Gemm else { return `operator` }
    gemm.beta = 1
    return gemm
  }

  /// The weight times the factors of its output channels.
  func scaled(_ affine: ChannelAffine, _ graph: Graph) -> Tensor {
    guard let factor = affine.factor else { return tensor }
    var values = tensor.doubles
    let inner = tensor.shape.dropFirst(axis + 1).reduce(1, *)
    let part = tensor.shape[axis]
    // A transposed convolution's rows belong to groups, whose output channels follow each other.
    let groups = channels / max(part, 1)
    let rows = max(tensor.shape[0] / max(groups, 1), 1)
    for index in values.indices {
      let within = index / inner % part
      let group = axis == 1 && groups > 1 ? index / (inner * part) / rows : 0
      values[index] *= factor[group * part + within]
    }
    return Tensor(shape: tensor.shape, values).cast(to: tensor.dataType)
  }

  /// The bias, times the factors, plus the summands.
  func shifted(_ affine: ChannelAffine, _ graph: Graph) -> Tensor {
    var values = graph.known(bias)?.doubles ?? [0]
    if values.count == 1 { values = [Double](repeating: values[0], count: channels) }
    if let factor = affine.factor { values = zip(values, factor).map(*) }
    if let summand = affine.summand { values = zip(values, summand).map(+) }
    return Tensor(values).cast(to: tensor.dataType)
  }
}
