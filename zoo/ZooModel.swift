import BinaryIO
import Formats
import Images
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// A recognised architecture with its weights, and what travels with them.
public struct ZooModel: Sendable {
  public let recognition: Recognition
  /// The graph; its parameters have canonical names.
  public let graph: Graph
  /// The weights under canonical names, in PyTorch's order, as the file has them (type and values).
  public let weights: [NormalisedTensor]
  /// What became of every tensor of the checkpoint.
  public let account: MappingAccount
  /// How pictures are made ready for it; nil when it takes none.
  public let preprocessing: Preprocessing?
  /// Names of the classes, in order, where they are known.
  public let labels: [String]?

  public init(
    recognition: Recognition, graph: Graph, weights: [NormalisedTensor], account: MappingAccount,
    preprocessing: Preprocessing?, labels: [String]?
  ) {
    self.recognition = recognition
    self.graph = graph
    self.weights = weights
    self.account = account
    self.preprocessing = preprocessing
    self.labels = labels
  }

  public var configuration: any ModelConfiguration { recognition.configuration }
  public var dialect: Dialect { recognition.dialect }
  /// The graph with what is known of its inputs.
  public var definition: ModelDefinition { recognition.definition }
}

extension Recognition {
  /// The model of these weights, the same from which it was recognised.
  ///
  /// - Throws: `DataError` `.mismatch`, with names, when tensors are missing, unknown, or of another shape.
  public func model(weights: [NormalisedTensor], sidecars: Sidecars = [:]) throws -> ZooModel {
    guard isExact else {
      throw DataError(.mismatch, description, subject: "the weights")
    }
    let account = try account(of: weights)
    return ZooModel(
      recognition: self, graph: definition.graph, weights: account.tensors, account: account,
      preprocessing: preprocessing(sidecars: sidecars), labels: labels(sidecars: sidecars))
  }

  /// How pictures are made ready: as the sidecars say, or else as usual for the dialect; nil when it takes none.
  public func preprocessing(sidecars: Sidecars = [:]) -> Preprocessing? {
    guard configuration.task.takesPictures,
      var preprocessing =
        Preprocessing(sidecars: sidecars) ?? configuration.preprocessing(for: dialect)
    else { return nil }
    preprocessing.isChannelsLast = dialect.isChannelsLast
    return preprocessing
  }

  /// Names of the classes: as the sidecars say, or ImageNet's where pictures have as many.
  public func labels(sidecars: Sidecars = [:]) -> [String]? {
    Labels.find(
      sidecars: sidecars, classes: configuration.classes,
      ofPictures: configuration.task.takesPictures)
  }
}

/// A model in the words of one library: what a file for it holds.
public struct ExpressedModel: Sendable {
  public let dialect: Dialect
  /// The graph, its parameters and nodes named as the library does; what goes in and out is the library's too. Nil where
  /// nobody asked for it.
  public let graph: Graph?
  /// The weights under the library's names, in the common layout.
  public let tensors: [NormalisedTensor]
  /// What became of every tensor on the way from the checkpoint.
  public let account: MappingAccount
  /// Small files that the library wants beside the weights.
  public let sidecars: Sidecars
}

extension ZooModel {
  /// Why the model cannot be expressed in `dialect`; nil when it can.
  public func obstacle(to dialect: Dialect) -> DataError? {
    guard dialect != self.dialect else { return nil }
    guard case .impossible(let reason) = configuration.adapted(to: dialect) else { return nil }
    return DataError(
      .unsupported, reason, subject: "\(recognition.variant) (\(self.dialect)) as \(dialect)",
      remedy: "without --dialect the weights keep their names")
  }

  /// The same function in the words of another library.
  /// - Parameter withGraph: whether the graph is wanted, which not every dialect's weights allow.
  /// - Throws: `DataError` `.unsupported` with the reason when that library has no such architecture.
  public func expressed(
    in dialect: Dialect, withGraph: Bool = true
  ) throws -> ExpressedModel {
    if let obstacle = obstacle(to: dialect) { throw obstacle }
    var target = configuration
    if dialect != self.dialect, case .possible(let adapted) = configuration.adapted(to: dialect) {
      target = adapted
    }
    guard let map = target.nameMap(for: dialect)?.inverted else {
      throw DataError(.unsupported, "the dialect \(dialect) has no \(recognition.family)")
    }
    let adapted = try configuration.weights(weights, adaptedTo: target)
    var account = try map.apply(to: adapted)
    let left = Set(adapted.map(\.entry.name))
    account.dropped += weights.filter { !left.contains($0.entry.name) }.flatMap(\.sources)
    if dialect.isKerasHub, !configuration.task.takesPictures,
      let order = target.nameMap(for: dialect)
    {
      // Keras takes the weights of a layer by their order
      account.tensors = account.tensors
        .map { (order.place(of: $0.entry.name), $0) }
        .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        .map(\.1)
    }
    account.dropped = self.account.dropped + account.dropped
    account.synthesised = account.tensors.filter { $0.action == .synthesised }.map(\.entry.name)
    let graph = withGraph ? try target.buildExport().graph.renamed(by: map) : nil
    return ExpressedModel(
      dialect: dialect, graph: graph, tensors: account.tensors, account: account,
      sidecars: target.sidecars(for: dialect, labels: labels, preprocessing: preprocessing))
  }
}
