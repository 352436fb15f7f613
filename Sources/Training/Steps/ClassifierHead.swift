import BinaryIO
import ModelGraph
import Operators
import Tensors

/// The last layer of a classifier: the weights whose outputs are the classes.
public struct ClassifierHead: Sendable, Hashable {
  /// Names of its parameters.
  public var weight: String
  public var bias: String?
  /// The axis of the weight that counts classes.
  public var classAxis: Int
  public var classes: Int

  /// The head of a graph whose first output tells classes apart.
  /// - Throws: `.unsupported` when what is last is no product by weights.
  public init(of graph: Graph) throws {
    var wanted = graph.outputs.first
    var bias: String?
    let parameters = Set(graph.parameters)
    func name(_ id: ValueID?) -> String? {
      id.flatMap { parameters.contains($0) ? graph[$0].name : nil }
    }
    while let id = wanted, let node = graph.nodes.first(where: { $0.outputs.contains(id) }) {
      var axis = 0
      switch node.operator {
      case is Softmax, is Identity, is Flatten, is Reshape, is Squeeze, is LogSoftmax,
        is GlobalAveragePool, is Dropout:
        wanted = node.inputs[0]
        continue
      case is Add:
        guard let index = node.inputs.firstIndex(where: { name($0) != nil }) else {
          throw ClassifierHead.unknown(node)
        }
        bias = name(node.inputs[index])
        wanted = node.inputs[1 - index]
        continue
      case is Linear, is Conv: axis = 0
      case let gemm as Gemm: axis = gemm.transposeB ? 0 : 1
      case is MatMul: axis = 1
      default: throw ClassifierHead.unknown(node)
      }
      var place = node.inputs[1]
      if let maker = graph.nodes.first(where: { $0.outputs.contains(place) }),
        let turn = maker.operator as? Transpose, turn.permutation ?? [1, 0] == [1, 0]
      {
        // A linear layer as exporters write it
        (place, axis) = (maker.inputs[0], 1 - axis)
      }
      guard let weight = place, let own = name(weight),
        let shape = graph[weight].type.shape, shape.rank >= 2
      else { throw ClassifierHead.unknown(node) }
      self.weight = own
      self.bias = node.inputs.count > 2 ? name(node.inputs[2]) ?? bias : bias
      classAxis = axis
      classes = shape[axis]
      return
    }
    throw DataError(.unsupported, "the model has no layer of classes at its end")
  }

  private static func unknown(_ node: Node) -> DataError {
    DataError(
      .unsupported, "the model ends in '\(node.name)' (\(node.operator.name))",
      expected: "a layer of classes")
  }

  /// Names of all its parameters.
  public var names: [String] { [weight] + (bias.map { [$0] } ?? []) }

  /// A new layer for so many classes: small numbers by chance, which follow from the seed.
  ///
  /// - Parameter shape: of the weight that is replaced.
  /// - Source: PyTorch's `nn.Linear`: evenly spread within ±1/√inputs, weight and bias alike.
  public func fresh(
    classes: Int, replacing shape: Shape, seed: UInt64
  ) -> (weight: Tensor, bias: Tensor?) {
    var extents = shape.dimensions
    extents[classAxis] = classes
    let inputs = extents.reduce(1, *) / max(classes, 1)
    let bound = 1 / Double(max(inputs, 1)).squareRoot()
    var random = RandomNumbers(seed: seed, 0x6865_6164)
    func numbers(_ shape: Shape) -> Tensor {
      Tensor(
        shape: shape,
        (0..<shape.elementCount).map { _ in Float(random.uniform(in: -bound..<bound)) })
    }
    let weight = numbers(Shape(extents))
    return (weight, bias.map { _ in numbers([classes]) })
  }
}
