import BinaryIO
import OrderedCollections
import JSON
import ModelGraph
import Tensors

/// What a file holds: named tensors, perhaps a graph, and what goes with them.
///
/// Every reader turns a file into this, and every writer this into a file.
public struct Checkpoint: Sendable {
  /// The format's identifier (`pytorch`, `keras-h5` …).
  public var format: String
  /// The tensors as the file has them: its names, its axes, its order.
  public var tensors: [TensorEntry]
  /// The same weights in the common form: PyTorch's names for the parts (`weight`, `bias`, `running_mean`) and PyTorch's axes.
  ///
  /// Each says which of `tensors` it comes from. A format whose tensors are in that form leaves this as it is.
  public var normalised: [NormalisedTensor]
  /// The file's own graph; its parameters are named as in `normalised`.
  public var graph: Graph?
  /// Why a file with a graph has none here (a Lambda layer, a broken configuration): thrown by who wants to run it.
  public var graphError: DataError?
  /// The graph as the file has it, before operators were translated; nil where `graph` says the same.
  public var graphSummary: GraphSummary?
  /// Key and value as the file has them.
  public var metadata: OrderedDictionary<String, JSONValue>
  /// Small files that travel with the weights (`config.json`, `preprocessor_config.json`), by name.
  public var sidecars: OrderedDictionary<String, JSONValue>
  /// Files that travel with the weights as they are (`tokenizer.json`, `1_Pooling/config.json`), by their names relative to
  /// the weights' directory.
  public var companions: OrderedDictionary<String, Companion>
  /// What the file says and only its own format's writer understands; nil where the rest says all.
  public var native: (any Sendable)?
  /// Set for a format that holds graphs, when it is to hold the weights alone: the library builds the network itself.
  public var isWithoutGraph = false
  /// Tensors that are no weights: optimizer state, random state. Listed, but not converted.
  public var auxiliary: [TensorEntry]
  /// What an optimiser remembers of the weights; nil where the file has no such state.
  public var optimizer: OptimizerRecord?
  /// Why a file with an optimiser's state has none here: thrown by who wants to go on with it.
  public var optimizerError: DataError?
  /// What in the file another loader might execute.
  public var security: [SecurityFinding]
  /// What a person should know about how the file was read.
  public var notes: [String]

  /// A checkpoint whose tensors are in the common form already.
  public init(
    format: String, tensors: [TensorEntry], graph: Graph? = nil,
    metadata: OrderedDictionary<String, JSONValue> = [:]
  ) {
    self.format = format
    self.tensors = tensors
    normalised = tensors.map { NormalisedTensor($0) }
    self.graph = graph
    graphError = nil
    graphSummary = nil
    self.metadata = metadata
    sidecars = [:]
    companions = [:]
    native = nil
    auxiliary = []
    optimizer = nil
    optimizerError = nil
    security = []
    notes = []
  }
}

/// What a person sees of a file's graph: its doors, and how often each operator occurs in the file.
public struct GraphSummary: Sendable {
  public var inputs: [Value]
  public var outputs: [Value]
  public var operators: [String: Int]

  public init(inputs: [Value], outputs: [Value], operators: [String: Int]) {
    self.inputs = inputs
    self.outputs = outputs
    self.operators = operators
  }
}

extension Checkpoint {
  /// The sidecar in our own words: `labels`, `preprocessing`, `endsInSoftmax`. Formats carry it where they have a place for
  /// notes, so that it comes back when the file is read again.
  public static let descriptionName = "menagerie.json"
  /// The most bytes that a description may have.
  public static let descriptionLimit = 1 << 20

  /// The description as text, for a writer; nil when there is none.
  public var descriptionText: String? { sidecars[Checkpoint.descriptionName]?.text() }

  /// Takes a description that a reader found; one that cannot be read is noted and left. Its `config` is the `config.json`
  /// of a file that has none.
  public mutating func adoptDescription(_ text: String) {
    guard text.utf8.count <= Checkpoint.descriptionLimit,
      let description = try? JSONValue(parsing: text), description.object != nil
    else {
      notes.append("our description of the model in the file cannot be read, and is left alone")
      return
    }
    sidecars[Checkpoint.descriptionName] = description
  }
}

/// A weight in the common form, and how it came from the tensors of the file.
public struct NormalisedTensor: Sendable {
  /// The weight under its normalised name.
  public var entry: TensorEntry
  /// The file's names that it is made of.
  public var sources: [String]
  /// What was done to them.
  public var action: TensorAction

  public init(_ entry: TensorEntry, sources: [String]? = nil, action: TensorAction = .exact) {
    self.entry = entry
    self.sources = sources ?? [entry.name]
    self.action = action
  }
}

/// What happened to a tensor on its way from one file to the other.
public enum TensorAction: String, Sendable, CaseIterable {
  case exact, permuted, split, concatenated, reshaped, cast, folded, synthesised, dropped
}

/// Something in a file that another loader might execute; ours never does.
public struct SecurityFinding: Sendable, Hashable {
  /// What kind: `pickle-global`, `lambda`, `external-path` …
  public var kind: String
  /// What it names: `os.system`, `layer 'norm'`.
  public var name: String
  /// Where, in bytes from the start of the file or its entry.
  public var offset: Int?

  public init(kind: String, name: String, offset: Int? = nil) {
    self.kind = kind
    self.name = name
    self.offset = offset
  }
}
