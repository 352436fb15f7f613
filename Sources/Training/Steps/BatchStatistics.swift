import ModelGraph
import Operators
import Tensors

/// A batch normalisation that normalises by the batch's own statistics, and the names of what keeps their average.
struct BatchStatistics: Sendable {
  /// Names of the running statistics.
  var mean: String
  var variance: String
  /// The batch's own, as outputs of the graph; the variance is that of the batch, divided by its count.
  var batchMean: ValueID
  var batchVariance: ValueID
  /// How many numbers each is made of, for the batch that the graph is for.
  var input: ValueID
}

extension Graph {
  /// Batch normalisations that have a learning part normalise by the batch: `(x - mean(x)) / √(variance(x) + ε) · scale +
  /// bias`, and the statistics are to be seen.
  ///
  /// - Parameter learns: whether a normalisation, by the name of its scale, takes part.
  /// - Source: Batch Normalization, Ioffe and Szegedy 2015, algorithm 1.
  mutating func normaliseByBatch(_ learns: (String) -> Bool) throws -> [BatchStatistics] {
    var found: [BatchStatistics] = []
    var result: [Node] = []
    for node in nodes {
      guard let norm = node.operator as? BatchNormalization, let x = node.inputs[0],
        let scale = node.inputs[1], let bias = node.inputs[2], let mean = node.inputs[3],
        let variance = node.inputs[4], let output = node.outputs[0], learns(self[scale].name),
        let rank = self[x].type.rank, rank > 1
      else {
        result.append(node)
        continue
      }
      var parts = NodeList(name: node.name, graph: self)
      let axes = parts.constant(Tensor((0..<rank).filter { $0 != 1 }))
      let column = parts.constant(Tensor((0..<rank).map { $0 == 1 ? -1 : 1 }))
      let flat = parts.constant(Tensor([-1]))
      let type = self[x].type.dataType ?? .float32
      let epsilon = parts.constant(Tensor(scalar: norm.epsilon).cast(to: type))
      let middle = parts.add(ReduceMean(), [x, axes], "mean")
      let centred = parts.add(Sub(), [x, middle], "centred")
      let square = parts.add(Mul(), [centred, centred], "square")
      let spread = parts.add(ReduceMean(), [square, axes], "variance")
      let shifted = parts.add(Add(), [spread, epsilon], "shifted")
      let deviation = parts.add(Sqrt(), [shifted], "deviation")
      let inverse = parts.add(Reciprocal(), [deviation], "inverse")
      let factor = parts.add(
        Mul(), [inverse, parts.add(Reshape(), [scale, column], "scale")], "factor")
      let scaled = parts.add(Mul(), [centred, factor], "scaled")
      let shift = parts.add(Reshape(), [bias, column], "bias")
      parts.add(Add(), [scaled, shift], "result", result: output)
      found.append(
        BatchStatistics(
          mean: self[mean].name, variance: self[variance].name,
          batchMean: parts.add(Reshape(), [middle, flat], "mean/flat"),
          batchVariance: parts.add(Reshape(), [spread, flat], "variance/flat"), input: x))
      self = parts.graph
      result += parts.nodes
    }
    nodes = result
    return found
  }
}

/// Nodes in the making, which take the place of one.
struct NodeList {
  let name: String
  private(set) var graph: Graph
  private(set) var nodes: [Node] = []

  init(name: String, graph: Graph) {
    self.name = name
    self.graph = graph
  }

  mutating func constant(_ tensor: Tensor) -> ValueID {
    graph.addConstant("\(name)/constant_\(graph.constants.count)", tensor)
  }

  @discardableResult
  mutating func add(
    _ operator: any Operator, _ inputs: [ValueID?], _ suffix: String, result: ValueID? = nil
  ) -> ValueID {
    let id = result ?? graph.addValue("\(name)/\(suffix)")
    nodes.append(
      Node(name: "\(name)/\(suffix)", `operator`, inputs: inputs, outputs: [id]))
    return id
  }
}
