import Archives
import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// What both formats have in common when they are written.
enum KerasWriter {
  /// The layers for a checkpoint's graph.
  /// - Throws: `.unsupported` when there is no graph, or when Keras has no layers for it.
  static func model(_ checkpoint: Checkpoint) throws -> ExportedModel {
    guard let graph = checkpoint.graph else {
      throw checkpoint.graphError
        ?? DataError(
          .unsupported,
          "a Keras file needs the network's architecture, and weights alone do not tell it",
          expected: "a known architecture, or a file with a graph",
          remedy: "name one with --architecture")
    }
    return try KerasExporter.model(graph, checkpoint.normalised)
  }

  static func obstacle(_ checkpoint: Checkpoint) -> DataError? {
    do {
      _ = try model(checkpoint)
      return nil
    } catch let error as DataError {
      return error
    } catch {
      return DataError(.unsupported, "\(error)")
    }
  }

  /// Writes a whole model in the layout of `LegacyWeights`.
  static func writeHDF5(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    let model = try model(checkpoint)
    let optimizer = try checkpoint.optimizer.map {
      try KerasOptimizerWriter($0, of: model, checkpoint)
    }
    let output = try AtomicFileWriter(path: path)
    var places: [Place] = []
    do {
      let writer = try HDF5Writer(path: output.temporaryPath)
      try writer.attribute("keras_version", of: "", text: ExportedModel.kerasVersion)
      try writer.attribute("backend", of: "", text: "tensorflow")
      try writer.attribute("model_config", of: "", text: model.configuration(isNamed: false).text())
      if let description = checkpoint.descriptionText {
        try writer.attribute(Checkpoint.descriptionName, of: "", text: description)
      }
      try writer.group("model_weights")
      try writer.attribute("layer_names", of: "model_weights", texts: model.layers.map(\.name))
      try writer.attribute("backend", of: "model_weights", text: "tensorflow")
      try writer.attribute("keras_version", of: "model_weights", text: ExportedModel.kerasVersion)
      for layer in model.layers {
        let group = "model_weights/\(layer.name)"
        try writer.group(group)
        let names = layer.weights.map { "\(layer.name)/\($0.leaf)" }
        try writer.attribute("weight_names", of: group, texts: names)
        for (weight, name) in zip(layer.weights, names) {
          // Only the archive has a word for bfloat16; float32 holds the same numbers
          let isPlain = weight.entry.dataType != .bfloat16
          let entry = isPlain ? weight.entry : weight.entry.cast(to: .float32)
          try writer.dataset("\(group)/\(name)", entry)
          places.append(
            Place(
              weight: weight, name: "\(group)/\(name)", entry: entry,
              action: isPlain ? weight.action : .cast))
        }
      }
      try optimizer?.write(listedIn: writer)
      try writer.finish()
    }
    try output.commit()
    return report(checkpoint, places)
  }

  /// Writes an archive in the layout of `ObjectWeights`.
  static func writeArchive(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    let model = checkpoint.isWithoutGraph ? nil : try model(checkpoint)
    let optimizer = try checkpoint.optimizer.flatMap { record in
      try model.map { try KerasOptimizerWriter(record, of: $0, checkpoint) }
    }
    var configuration =
      model?.configuration(isNamed: true) ?? checkpoint.sidecars["config.json"] ?? .null
    if let optimizer, var document = configuration.object {
      document["compile_config"] = optimizer.compiled
      configuration = .object(document)
    }
    let output = try AtomicFileWriter(path: path)
    // The weights become a file of their own first, which is never committed and so goes away
    let weights = try AtomicFileWriter(path: "\(path).weights")
    let places =
      try model.map { try writeObjects(of: $0, to: weights.temporaryPath, optimizer: optimizer) }
      ?? writeHubObjects(checkpoint, to: weights.temporaryPath)
    let archive = ZipWriter(output)
    let metadata: JSONValue = [
      "keras_version": .string(ExportedModel.kerasVersion), "date_saved": "1980-01-01@00:00:00",
    ]
    try archive.add("metadata.json", Array(metadata.text().utf8))
    try archive.add("config.json", Array(configuration.text().utf8))
    if let description = checkpoint.descriptionText {
      try archive.add(Checkpoint.descriptionName, Array(description.utf8))
    }
    try archive.add("model.weights.h5", [try MappedFile(path: weights.temporaryPath).bytes])
    try archive.finish()
    try output.commit()
    return report(checkpoint, places)
  }

  /// Writes weights alone in the layout of `ObjectWeights`.
  static func writeWeightsFile(
    _ checkpoint: Checkpoint, to path: String
  ) throws -> [WrittenTensor] {
    let output = try AtomicFileWriter(path: path)
    let description = checkpoint.descriptionText
    let places =
      checkpoint.isWithoutGraph
      ? try writeHubObjects(checkpoint, to: output.temporaryPath, description)
      : try writeObjects(of: model(checkpoint), to: output.temporaryPath, description)
    try output.commit()
    return report(checkpoint, places)
  }

  /// Objects are called by their classes and counted.
  private static func writeObjects(
    of model: ExportedModel, to path: String, _ description: String? = nil,
    optimizer: KerasOptimizerWriter? = nil
  ) throws -> [Place] {
    var places: [Place] = []
    let writer = try HDF5Writer(path: path)
    if let description {
      try writer.attribute(Checkpoint.descriptionName, of: "", text: description)
    }
    var counts: [String: Int] = [:]
    for layer in model.layers {
      let stem = ObjectWeights.snakeCase(layer.className)
      let count = counts[stem, default: 0]
      counts[stem] = count + 1
      let group = "layers/\(count == 0 ? stem : "\(stem)_\(count)")/vars"
      guard !layer.weights.isEmpty else { continue }
      try writer.group(group)
      try writer.attribute("name", of: group, text: layer.name)
      for (i, weight) in layer.weights.enumerated() {
        try writer.dataset("\(group)/\(i)", weight.entry)
        places.append(
          Place(
            weight: weight, name: "\(group)/\(i)", entry: weight.entry, action: weight.action))
      }
    }
    if counts.isEmpty { try writer.group("layers") }
    try optimizer?.write(numberedIn: writer)
    try writer.finish()
    return places
  }

  /// What KerasHub builds itself: names are places already, as `HubWeights` reads them.
  private static func writeHubObjects(
    _ checkpoint: Checkpoint, to path: String, _ description: String? = nil
  ) throws -> [Place] {
    let writer = try HDF5Writer(path: path)
    if let description {
      try writer.attribute(Checkpoint.descriptionName, of: "", text: description)
    }
    let places = try checkpoint.normalised.map { tensor in
      let name = tensor.entry.name.replacing(".", with: "/")
      let parts = name.split(separator: "/")
      try writer.group(parts.dropLast().joined(separator: "/"))
      try writer.dataset(name, tensor.entry)
      let weight = ExportedWeight(
        leaf: parts.last.map(String.init) ?? name, entry: tensor.entry, source: tensor.entry.name,
        action: .exact)
      return Place(weight: weight, name: name, entry: tensor.entry, action: .exact)
    }
    try writer.finish()
    return places
  }

  /// Where a weight went.
  struct Place {
    var weight: ExportedWeight
    var name: String
    var entry: TensorEntry
    var action: TensorAction
  }

  /// What became of each weight, those among them for which Keras has no place.
  static func report(_ checkpoint: Checkpoint, _ places: [Place]) -> [WrittenTensor] {
    var written: [String: Place] = [:]
    for place in places {
      if let source = place.weight.source, written[source] == nil { written[source] = place }
    }
    return checkpoint.normalised.map { tensor in
      let name = tensor.entry.name
      guard let place = written[name] else {
        let isCounter = name.hasSuffix("num_batches_tracked") || name.hasSuffix(".count")
        return WrittenTensor(
          source: name, target: nil, action: .dropped,
          note: isCounter ? "Keras does not count batches" : "no layer of the graph uses it")
      }
      return WrittenTensor(
        source: name, target: place.name, action: place.action, written: place.entry)
    }
  }
}

extension TensorEntry {
  /// The same numbers in another type, when they are asked for.
  func cast(to type: DataType) -> TensorEntry {
    mapped(dataType: type, shape: shape) { $0.cast(to: type) }
  }
}
