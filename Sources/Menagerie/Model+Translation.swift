import Formats
import OrderedCollections
import Tensors
import Zoo

/// The way of tensors that stand for weights, from the file's names to the graph's and back.
extension Model {
  /// The graph's weights, some of them made of other tensors than the file's; each says which names of
  /// `Checkpoint.normalised` it is made of.
  ///
  /// - Parameter others: in place of tensors of the file, and of their shapes; if there are some, all the rest is zeros.
  func inGraph(_ others: [String: TensorEntry]) throws -> [NormalisedTensor] {
    guard checkpoint.graph == nil, let zooModel else { return standing(others) }
    return try inGraph(of: zooModel, others)
  }

  /// The same for the zoo's graph, also where the file has one of its own.
  func inGraph(
    of zooModel: ZooModel, _ others: [String: TensorEntry]
  ) throws -> [NormalisedTensor] {
    try zooModel.recognition.model(weights: standing(others), sidecars: checkpoint.sidecars).weights
  }

  private func standing(_ others: [String: TensorEntry]) -> [NormalisedTensor] {
    checkpoint.normalised.map { tensor in
      let name = tensor.entry.name
      return NormalisedTensor(
        others[name]?.renamed(name) ?? (others.isEmpty ? tensor.entry : tensor.entry.zeros),
        sources: [name])
    }
  }

  /// The file's tensors as `inGraph` is to the graph's: each says which of the graph's weights it is made of.
  func inFile(others: [String: TensorEntry]) throws -> [NormalisedTensor] {
    try inFile(
      weights.map { tensor in
        let name = tensor.entry.name
        return NormalisedTensor(
          others[name]?.renamed(name) ?? (others.isEmpty ? tensor.entry : tensor.entry.zeros),
          sources: [name])
      })
  }

  /// The graph's weights under the names of the file, and in its order.
  ///
  /// - Parameter withSecondNames: whether a tensor that the file has under two names is there twice again.
  func inFile(
    _ weights: [NormalisedTensor], withSecondNames: Bool = false
  ) throws -> [NormalisedTensor] {
    guard checkpoint.graph == nil, let zooModel else { return weights }
    let tensors = try zooModel.with(weights: weights)
      .expressed(in: zooModel.dialect, withGraph: false).tensors
      .map { tensor in
        var tensor = tensor
        tensor.entry.name = zooModel.recognition.nameInFile(tensor.entry.name)
        return tensor
      }
    let all = withSecondNames ? tensors + secondNames(of: tensors) : tensors
    let places = Dictionary(
      checkpoint.normalised.enumerated().map { ($1.entry.name, $0) },
      uniquingKeysWith: { first, _ in first })
    return all.enumerated().map { place, tensor in
      (places[tensor.entry.name] ?? Int.max, place, tensor)
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }

  /// Tensors under the names that the file has beside theirs, such as a head that is the embeddings' table.
  private func secondNames(of tensors: [NormalisedTensor]) -> [NormalisedTensor] {
    let made = Dictionary(
      tensors.map { ($0.entry.name, $0) }, uniquingKeysWith: { first, _ in first })
    var known: [TensorIdentity: NormalisedTensor] = [:]
    for tensor in checkpoint.normalised where tensor.entry.shape.elementCount > 0 {
      guard let identity = tensor.entry.identity, known[identity] == nil else { continue }
      known[identity] = made[tensor.entry.name]
    }
    return checkpoint.normalised.compactMap { tensor in
      let name = tensor.entry.name
      guard made[name] == nil, let identity = tensor.entry.identity,
        var second = known[identity], second.entry.shape == tensor.entry.shape
      else { return nil }
      second.entry = second.entry.renamed(name)
      return second
    }
  }
}

extension ZooModel {
  /// The same model with other tensors under the graph's names.
  func with(weights: [NormalisedTensor]) -> ZooModel {
    ZooModel(
      recognition: recognition, graph: graph, weights: weights, account: account,
      preprocessing: preprocessing, labels: labels)
  }
}
