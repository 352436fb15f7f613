import ModelGraph
import Operators
import Tensors

/// A batch normalisation that normalises by the batch's own statistics, and the names of what keeps their average.
struct BatchStatistics: Sendable {
  /// Names of the running statistics.
  var mean: String
  var variance: String
  /// How they follow the batches.
  var rule: RunningStatistics
  /// The batch's own, as outputs of the graph; the variance is that of the batch, divided by its count.
  var batchMean: ValueID
  var batchVariance: ValueID
  /// How many numbers each is made of, for the batch that the graph is for.
  var input: ValueID
}

extension Graph {
  /// Batch normalisations that have a learning part normalise by the batch, and the statistics are to be seen.
  ///
  /// - Parameter learns: whether a normalisation takes part, by a name of its own: of its scale, its bias or its mean.
  /// - Source: Batch Normalization, Ioffe and Szegedy 2015, algorithm 1.
  mutating func normaliseByBatch(_ learns: (String) -> Bool) throws -> [BatchStatistics] {
    var found: [BatchStatistics] = []
    var result: [Node] = []
    for node in nodes {
      guard let norm = node.operator as? BatchNormalization, let x = node.inputs[0],
        let scale = node.inputs[1], let bias = node.inputs[2], let mean = node.inputs[3],
        let variance = node.inputs[4], let output = node.outputs[0],
        [scale, bias, mean].contains(where: { learns(self[$0].name) }),
        let rank = self[x].type.rank, rank > 1
      else {
        result.append(node)
        continue
      }
      let middle = addValue("\(node.name)/mean")
      let spread = addValue("\(node.name)/variance")
      result.append(
        Node(
          name: node.name, BatchNormalizationInTraining(epsilon: norm.epsilon),
          inputs: [x, scale, bias], outputs: [output, middle, spread]))
      found.append(
        BatchStatistics(
          mean: self[mean].name, variance: self[variance].name, rule: norm.statistics,
          batchMean: middle, batchVariance: spread, input: x))
    }
    nodes = result
    return found
  }

  /// The names of means of normalisations that have no weights which could learn: neither scale nor bias.
  var meansOfPlainNormalisations: Set<String> {
    let weights = Set(parameters)
    return Set(
      nodes.compactMap { node in
        guard node.operator is BatchNormalization, let mean = node.inputs[3],
          !node.inputs[1...2].contains(where: { $0.map(weights.contains) ?? false })
        else { return nil }
        return self[mean].name
      })
  }
}
