import BinaryIO
import Formats
import JSON
import OrderedCollections

/// What both formats have in common: weights out of HDF5, the configuration of a model, and what follows from them.
enum KerasReader {
  /// Everything in an HDF5 file.
  static func read(_ bytes: Bytes, format: String) throws -> Checkpoint {
    let file = try HDF5File(bytes)
    let tree = try DatasetTree(file)
    let attributes = try file.root().attributes
    let configuration = try attributes.text("model_config").map { text in
      Configuration { try JSONValue(parsing: text) }
    }
    var metadata: OrderedDictionary<String, JSONValue> = [:]
    for key in ["keras_version", "backend"] {
      if let text = try? attributes.text(key) ?? tree.groups["model_weights"]?.attributes.text(key) {
        metadata[key] = .string(text)
      }
    }
    return try checkpoint(format, tree, configuration, metadata)
  }

  /// A model's configuration, or why it cannot be had.
  struct Configuration {
    var model: KerasModel?
    var error: DataError?

    init(_ parse: () throws -> JSONValue) {
      do {
        model = try KerasModel(configuration: try parse())
      } catch let error as DataError {
        self.error = error.about("the model's configuration")
      } catch {
        self.error = DataError(.malformed, "the model's configuration cannot be read")
      }
    }
  }

  static func checkpoint(
    _ format: String, _ tree: DatasetTree, _ configuration: Configuration?,
    _ metadata: OrderedDictionary<String, JSONValue>
  ) throws -> Checkpoint {
    let model = configuration?.model
    let found = try weights(tree, model)
    var checkpoint = Checkpoint(format: format, tensors: [], metadata: metadata)
    checkpoint.tensors = found.weights.map(\.entry)
    let normalisation = Normalisation(found.weights)
    checkpoint.normalised = found.weights.map(normalisation.normalised)
    var names: Set<String> = []
    for tensor in checkpoint.normalised where !names.insert(tensor.entry.name).inserted {
      throw DataError(
        .malformed, "two weights have the place '\(tensor.entry.name)'",
        subject: "dataset '\(tensor.sources[0])'")
    }
    checkpoint.auxiliary = found.auxiliary
    checkpoint.notes = tree.notes + found.notes
    checkpoint.graphError = configuration?.error
    return checkpoint
  }

  private static func weights(_ tree: DatasetTree, _ model: KerasModel?) throws -> KerasWeights {
    if let root = LegacyWeights.root(of: tree) {
      return try LegacyWeights.read(tree, at: root, model: model)
    }
    if ObjectWeights.matches(tree) { return try ObjectWeights.read(tree, model: model) }
    return PlainWeights.read(tree)
  }
}

/// An HDF5 file of no layout that we know: every dataset, by its path.
enum PlainWeights {
  static func read(_ tree: DatasetTree) -> KerasWeights {
    var result = KerasWeights()
    for dataset in tree.datasets.values {
      let parts = dataset.path.split(separator: "/").map(String.init)
      result.weights.append(
        KerasWeight(
          entry: dataset.entry(), module: parts.dropLast(), leaf: parts.last ?? dataset.path,
          className: nil))
    }
    return result
  }
}
