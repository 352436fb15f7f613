import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// A directory as `save_to_preset` writes it, and `from_preset` reads: the class with its arguments, and the weights.
public struct KerasHubPresetFormat: ModelFormat {
  public init() {}
  public let identifier = "kerashub"
  public let title = "KerasHub preset"
  public let extensions = ["/"]
  public let holdsGraph = true
  public let isChannelsLast = true

  private static let weights = "model.weights.h5"
  private static let configuration = "config.json"
  /// The version whose classes the zoo's tables describe.
  private static let version = "0.32.0"

  public func matches(_ probe: FileProbe) -> Bool {
    probe.isDirectory && probe.entries.contains(Self.configuration)
      && (probe.entries.contains(Self.weights) || probe.entries.contains("model.weights.json"))
  }

  public func read(_ path: String) throws -> Checkpoint {
    let names = System.names(in: path)
    guard names.contains(Self.weights) else {
      throw DataError(
        .unsupported, "the weights are in several files, which are not read here", path: path,
        remedy: "save the model with KerasHub in one file")
    }
    var checkpoint = try KerasHDF5Format().read("\(path)/\(Self.weights)")
    checkpoint.format = identifier
    let file = "\(path)/\(Self.configuration)"
    checkpoint.sidecars[Self.configuration] = try namingFile(file) {
      let bytes = try MappedFile(path: file).bytes
      guard bytes.count <= Checkpoint.descriptionLimit else {
        throw DataError(.limitExceeded, "a configuration of \(bytes.count) bytes")
      }
      return try JSONValue(parsing: bytes)
    }
    return checkpoint
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    guard checkpoint.isWithoutGraph, Self.isClass(checkpoint.sidecars[Self.configuration]) else {
      return DataError(
        .unsupported, "KerasHub has no class that is known here for this model",
        remedy: "write a .keras or .h5 file")
    }
    return obstacle(toBlocksOf: checkpoint)
  }

  /// Whether a configuration names a class of KerasHub.
  static func isClass(_ configuration: JSONValue?) -> Bool {
    configuration?["registered_name"]?.string?.hasPrefix("keras_hub>") == true
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try StagedOutput(path: path)
    let folder = output.temporaryPath
    try System.createDirectory(folder)
    let count = checkpoint.normalised.reduce(0) { $0 + $1.entry.shape.elementCount }
    let metadata: JSONValue = [
      "keras_version": .string(ExportedModel.kerasVersion),
      "keras_hub_version": .string(Self.version), "parameter_count": .integer(count),
      "date_saved": "1980-01-01@00:00:00", "tasks": [],
    ]
    for (name, json) in [
      (Self.configuration, checkpoint.sidecars[Self.configuration] ?? .null),
      ("metadata.json", metadata),
    ] {
      let file = try AtomicFileWriter(path: "\(folder)/\(name)")
      try file.write(json.text(indented: true) + "\n")
      try file.commit()
    }
    let written = try KerasWriter.writeWeightsFile(checkpoint, to: "\(folder)/\(Self.weights)")
    try output.commit(replacingDirectory: isPreset(output.path))
    return written
  }

  /// Whether a directory holds a preset, which we would replace, and not somebody's other files.
  private func isPreset(_ path: String) -> Bool {
    let names = System.names(in: path)
    return names.contains(Self.configuration) && names.contains(Self.weights)
      && names.allSatisfy { System.isDirectory("\(path)/\($0)") == false || $0 == "assets" }
  }
}
