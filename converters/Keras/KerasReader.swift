import Archives
import BinaryIO
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors

/// What both formats have in common: weights out of HDF5, the configuration of a model, and what follows from them.
enum KerasReader {
  /// A model's configuration, or why it cannot be had.
  struct Configuration {
    var model: KerasModel?
    var error: DataError?
    /// As the file has it, where a class of KerasHub builds the network.
    var hub: JSONValue?

    init(_ parse: () throws -> JSONValue) {
      do {
        let json = try parse()
        if Configuration.isHub(json) { hub = json }
        model = try KerasModel(configuration: json)
      } catch let error as DataError {
        self.error = error.about("the model's configuration")
      } catch {
        self.error = DataError(.malformed, "the model's configuration cannot be read")
      }
    }

    /// Whether a class of KerasHub is named; an `.h5` does not say whose class it is.
    private static func isHub(_ json: JSONValue) -> Bool {
      let name = (json["config"]?["backbone"] ?? json)["class_name"]?.string
      return name?.hasSuffix("Backbone") == true
        && json["registered_name"]?.string?.hasPrefix("keras_hub>") ?? true
    }
  }

  /// A Keras HDF5 file: weights, and perhaps a model.
  static func readHDF5(_ bytes: Bytes) throws -> Checkpoint {
    let tree = try DatasetTree(try HDF5File(bytes))
    let root = tree.groups[""]
    let configuration = try root?.attributes.text("model_config").map { text in
      Configuration { try JSONValue(parsing: text) }
    }
    var metadata: OrderedDictionary<String, JSONValue> = [:]
    for key in ["keras_version", "backend"] {
      for group in [root, tree.groups["model_weights"]] where metadata[key] == nil {
        if let text = try? group?.attributes.text(key) { metadata[key] = .string(text) }
      }
    }
    var checkpoint = try checkpoint(
      "keras-h5", tree, configuration, metadata, Result { try optimizer(in: tree) })
    if let description = try? root?.attributes.text(Checkpoint.descriptionName) {
      checkpoint.adoptDescription(description)
    }
    return checkpoint
  }

  /// An archive of Keras 3: the configuration and the weights as entries.
  static func readArchive(_ bytes: Bytes) throws -> Checkpoint {
    let archive = try ZipArchive(bytes)
    guard let weights = archive["model.weights.h5"] else {
      throw DataError(
        .malformed, "the archive has no entry 'model.weights.h5'",
        remedy: archive["model.weights.npz"] == nil ? nil : "weights in .npz are not read")
    }
    var compiled: JSONValue?
    let configuration = Configuration {
      guard let entry = archive["config.json"] else {
        throw DataError(.malformed, "the archive has no entry 'config.json'")
      }
      let json = try JSONValue(parsing: try archive.bytes(of: entry, limit: 64 << 20))
      compiled = json["compile_config"]
      return json
    }
    var metadata: OrderedDictionary<String, JSONValue> = [:]
    if let entry = archive["metadata.json"],
      let members = try JSONValue(parsing: try archive.bytes(of: entry, limit: 1 << 20)).object
    {
      metadata = members
    }
    let tree = try naming("entry 'model.weights.h5'") {
      try DatasetTree(try HDF5File(try archive.bytes(of: weights, limit: 16 << 30)))
    }
    var checkpoint = try checkpoint(
      "keras", tree, configuration, metadata,
      Result { try optimizer(in: tree, compiled: compiled) })
    if let entry = archive[Checkpoint.descriptionName] {
      let limit = Checkpoint.descriptionLimit
      checkpoint.adoptDescription(try archive.bytes(of: entry, limit: limit).utf8())
    }
    return checkpoint
  }

  private static func checkpoint(
    _ format: String, _ tree: DatasetTree, _ configuration: Configuration?,
    _ metadata: OrderedDictionary<String, JSONValue>, _ optimizer: Result<Found?, any Error>
  ) throws -> Checkpoint {
    let model = configuration?.model
    let found = try weights(tree, model)
    var checkpoint = Checkpoint(format: format, tensors: [], metadata: metadata)
    checkpoint.tensors = found.weights.map(\.entry)
    let normalisation = Normalisation(found.weights)
    checkpoint.normalised = found.weights.map(normalisation.normalised)
    var types: [String: TensorType] = [:]
    for tensor in checkpoint.normalised {
      let type = TensorType(tensor.entry.dataType, shape: tensor.entry.shape)
      guard types.updateValue(type, forKey: tensor.entry.name) == nil else {
        throw DataError(
          .malformed, "two weights have the place '\(tensor.entry.name)'",
          subject: "dataset '\(tensor.sources[0])'")
      }
    }
    checkpoint.auxiliary = found.auxiliary
    adopt(optimizer, found, normalisation, model, into: &checkpoint)
    checkpoint.notes = tree.notes + found.notes
    checkpoint.graphError = configuration?.error
    if model == nil, let hub = configuration?.hub { checkpoint.sidecars["config.json"] = hub }
    if let model {
      checkpoint.security = findings(model)
      do {
        checkpoint.graph = try KerasGraphBuilder.graph(
          of: model, weights: types, kerasVersion: majorVersion(metadata))
      } catch let error as DataError {
        checkpoint.graphError = error
      }
    }
    return checkpoint
  }

  private static func weights(_ tree: DatasetTree, _ model: KerasModel?) throws -> KerasWeights {
    if let root = LegacyWeights.root(of: tree) {
      return try LegacyWeights.read(tree, at: root, model: model)
    }
    if HubWeights.matches(tree) { return HubWeights.read(tree) }
    if ObjectWeights.matches(tree) { return try ObjectWeights.read(tree, model: model) }
    return PlainWeights.read(tree)
  }

  /// A file that does not tell its version is of Keras 1.
  private static func majorVersion(_ metadata: OrderedDictionary<String, JSONValue>) -> Int {
    metadata["keras_version"]?.string?.split(separator: ".").first.flatMap { Int($0) } ?? 1
  }

  /// Layers that hold code, or name classes of other modules: Keras would run or import them.
  private static func findings(_ model: KerasModel) -> [SecurityFinding] {
    model.flattened().compactMap { entry in
      let place = "layer '\(entry.path.joined(separator: "/"))'"
      if entry.layer.className == "Lambda" { return SecurityFinding(kind: "lambda", name: place) }
      guard !KerasLayers.isFromKeras(entry.layer), let module = entry.layer.module else {
        return nil
      }
      return SecurityFinding(
        kind: "python-class", name: "\(module).\(entry.layer.className), \(place)")
    }
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
