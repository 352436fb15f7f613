import BinaryIO
import Converters
import Execution
import Formats
import HuggingFaceConverter
import Images
import JSON
import ModelGraph
import OrderedCollections
import Synchronization
import Tensors
import Zoo

/// A model from a file: its tensors, what it was recognised as, and the graph that runs it.
///
///     let model = try Model(contentsOf: "resnet50.pth")
///     let logits = try model.run(["input": image])["logits"]
public struct Model: Sendable {
  /// The file or directory, as it was named.
  public let path: String
  /// What the file holds.
  public private(set) var checkpoint: Checkpoint
  /// What the zoo takes it for, with the evidence; nil when no family fits.
  public let recognition: Recognition?
  /// The zoo's graph with the file's tensors under canonical names; nil when no family fits.
  public let zooModel: ZooModel?
  private let lazySession: LazySession

  /// Reads the file (lazily) and recognises it.
  ///
  /// - Parameters:
  ///   - path: a file of any format that is read, or a directory with such files.
  ///   - architecture: overrules recognition: a variant's name (`ResNet-50`, `resnet50`).
  ///   - options: threads for running.
  /// - Throws: `DataError` that says what is wrong with the file, and where.
  public init(
    contentsOf path: String, as architecture: String? = nil,
    options: SessionOptions = SessionOptions()
  ) throws {
    var checkpoint = try FormatRegistry.read(path)
    checkpoint.adoptNeighbours(of: path)
    try self.init(checkpoint, path: path, as: architecture, options: options)
  }

  /// A model of tensors that are there already.
  public init(
    _ checkpoint: Checkpoint, path: String, as architecture: String? = nil,
    options: SessionOptions = SessionOptions()
  ) throws {
    self.path = path
    var checkpoint = checkpoint
    checkpoint.describeGraph()
    self.checkpoint = checkpoint
    if let architecture { _ = try Catalogue.standard.variant(named: architecture) }
    let recognition = Catalogue.standard.recognise(
      checkpoint.normalised, sidecars: checkpoint.sidecars, as: architecture)
    self.recognition = recognition
    zooModel = try namingFile(path) {
      try recognition?.model(weights: checkpoint.normalised, sidecars: checkpoint.sidecars)
    }
    lazySession = LazySession(options: options)
  }

  /// The same model with what an optimiser remembers of its weights, and how far training has come since.
  func with(optimizer: OptimizerRecord?, epochs: Int = 0, steps: Int = 0) -> Model {
    var model = self
    model.checkpoint.optimizer = optimizer
    let counts = [("epoch", epochs)] + OptimizerRecord.stepCounters.map { ($0, steps) }
    for (name, count) in counts {
      guard let now = checkpoint.metadata[name]?.integer else { continue }
      model.checkpoint.metadata[name] = .integer(now.addingReportingOverflow(count).partialValue)
    }
    return model
  }

  /// The tensors as they are, for whoever wants no more than them.
  init(unrecognised checkpoint: Checkpoint, path: String) {
    self.path = path
    self.checkpoint = checkpoint
    recognition = nil
    zooModel = nil
    lazySession = LazySession(options: SessionOptions())
  }

  /// The graph that runs: the file's own, or else the zoo's for a recognised file.
  /// - Throws: `.unsupported` when there is neither, with what is known about why.
  public func graph() throws -> Graph {
    if let graph = checkpoint.graph { return graph }
    if let error = checkpoint.graphError, !isBuiltByLibrary { throw error.inFile(path) }
    if let zooModel { return zooModel.graph }
    let nearest = Catalogue.standard.resemblances(
      of: checkpoint.normalised, sidecars: checkpoint.sidecars
    ).first
    throw DataError(
      .unsupported,
      "holds weights without a graph, and \(nearest?.description ?? "no family of the zoo has such names")",
      path: path, remedy: "see 'menagerie zoo list'")
  }

  /// Whether the model can be run or written to a format that holds graphs.
  public var hasGraph: Bool {
    checkpoint.graph != nil
      || zooModel != nil && (checkpoint.graphError == nil || isBuiltByLibrary)
  }

  /// Whether the file names a class of KerasHub that the zoo knows: its Python code is the zoo's graph.
  private var isBuiltByLibrary: Bool {
    guard let zooModel else { return false }
    return zooModel.dialect.isKerasHub && !zooModel.configuration.task.takesPictures
  }

  /// The weights that the graph's parameters name.
  public var weights: [NormalisedTensor] {
    checkpoint.graph == nil ? zooModel?.weights ?? checkpoint.normalised : checkpoint.normalised
  }

  /// How pictures become the model's input; nil when that is not known.
  public var preprocessing: Preprocessing? {
    zooModel.map(\.preprocessing) ?? Preprocessing(sidecars: checkpoint.sidecars)
  }

  /// The names of the classes; nil when they are not known.
  public var labels: [String]? {
    if let zooModel { return zooModel.labels }
    // A graph of its own, with as many classes as its output has
    guard let graph = checkpoint.graph, let output = graph.outputs.first,
      let classes = graph[output].type.dimensions?.last?.value
    else { return nil }
    return Labels.find(sidecars: checkpoint.sidecars, classes: classes, ofPictures: false)
  }

  /// How it is run.
  var options: SessionOptions { lazySession.options }

  /// Ready to run; compiled when it is first asked for.
  public func session() throws -> Session {
    try lazySession.get { options in
      let table = WeightTable(weights)
      return try namingFile(path) {
        try Session(graph: try graph(), weights: { try table.tensor($0) }, options: options)
      }
    }
  }

  /// Computes the outputs from the inputs, by name. A model with one input takes it under any name.
  /// - Throws: `.mismatch` when the inputs do not fit, `.unsupported` when the model cannot be run.
  public func run(_ inputs: [String: Tensor]) throws -> NamedTensors {
    try namingFile(path) {
      let session = try session()
      return try session.run(completed(inputs, for: session))
    }
  }

  /// The inputs, with those that may be left out filled in.
  func completed(_ inputs: [String: Tensor], for session: Session) throws -> [String: Tensor] {
    var inputs = try GrowingPast.completed(inputs, for: session.inputs)
    guard let definition = zooModel?.definition else { return inputs }
    let defaults = definition.defaults
    let required = session.inputs.filter { defaults[$0.name] == nil }
    if inputs.count == 1, required.count == 1, let (name, tensor) = inputs.first,
      !session.inputs.contains(where: { $0.name == name })
    {
      inputs = [required[0].name: tensor]
    }
    return try definition.completed(inputs, taken: session.inputs.map(\.name))
  }
}

/// Weights by name.
struct WeightTable: Sendable {
  private let entries: [String: TensorEntry]

  init(_ weights: [NormalisedTensor]) {
    entries = Dictionary(weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { $1 })
  }

  func tensor(_ name: String) throws -> Tensor {
    guard let entry = entries[name] else {
      throw DataError(.malformed, "the graph names a weight '\(name)' that the file does not have")
    }
    return try entry.load()
  }
}

/// A session that is made once, by whoever asks first.
final class LazySession: Sendable {
  let options: SessionOptions
  private let session = Mutex<Session?>(nil)

  init(options: SessionOptions) { self.options = options }

  func get(_ make: (SessionOptions) throws -> Session) throws -> Session {
    try session.withLock { session in
      if let session { return session }
      let made = try make(options)
      session = made
      return made
    }
  }
}
