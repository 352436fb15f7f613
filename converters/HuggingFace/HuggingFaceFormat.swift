import BinaryIO
import Formats
import JSON
import OrderedCollections
import SafeTensorsConverter
import Tensors

/// A directory as the Hugging Face libraries keep a model: weights, perhaps in shards, and JSON files beside them.
public struct HuggingFaceFormat: ModelFormat {
  public let identifier = "huggingface"
  public let title = "Hugging Face directory"
  public let extensions = ["/"]

  /// The file of a directory that says what the model is.
  static let configuration = "config.json"
  static let weights = "model.safetensors"

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool {
    probe.isDirectory && WeightFiles(names: probe.entries) != nil
  }

  public func read(_ path: String) throws -> Checkpoint {
    let folder = HuggingFaceFormat.folder(path)
    let names = System.names(in: folder)
    guard let files = WeightFiles(names: names) else {
      throw DataError(
        .unknownFormat, "is a directory without weights",
        expected: "'\(HuggingFaceFormat.weights)' or 'pytorch_model.bin'", path: path)
    }
    var checkpoint = try files.read(in: folder)
    checkpoint.format = identifier
    checkpoint.sidecars = try sidecars(in: folder, names)
    return checkpoint
  }

  /// The JSON files that travel with a model; tokenizers and indices are not among them.
  private func sidecars(
    in folder: String, _ names: [String]
  ) throws -> OrderedDictionary<String, JSONValue> {
    var sidecars: OrderedDictionary<String, JSONValue> = [:]
    let usual = [HuggingFaceFormat.configuration, "preprocessor_config.json"]
    let wanted = usual + names.filter { $0.hasSuffix("_config.json") && !usual.contains($0) }
    for name in wanted where names.contains(name) {
      let path = "\(folder)/\(name)"
      sidecars[name] = try namingFile(path) { try JSONFiles.read(path) }
    }
    return sidecars
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    guard checkpoint.sidecars[HuggingFaceFormat.configuration] != nil else {
      return DataError(
        .unsupported, "no '\(HuggingFaceFormat.configuration)' is known for this model",
        remedy: "convert to safetensors, or from a model that the zoo recognises")
    }
    return SafeTensorsFormat().obstacle(to: checkpoint)
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try StagedOutput(path: path)
    try System.createDirectory(output.temporaryPath)
    for (name, value) in checkpoint.sidecars {
      guard JSONFiles.isPlainName(name) else {
        throw DataError(
          .unwritable, "'\(name)' is no name for a file beside the weights", path: path)
      }
      let file = try AtomicFileWriter(path: "\(output.temporaryPath)/\(name)")
      try file.write(value.text(indented: true) + "\n")
      try file.commit()
    }
    let weights = "\(output.temporaryPath)/\(HuggingFaceFormat.weights)"
    let written = try SafeTensorsFormat().write(checkpoint, to: weights)
    try output.commit(replacingDirectory: isModel(output.path))
    return written
  }

  /// Whether a directory holds nothing but what we would replace: a model, not somebody's pictures.
  private func isModel(_ path: String) -> Bool {
    let names = System.names(in: path)
    return names.contains(HuggingFaceFormat.configuration) && WeightFiles(names: names) != nil
      && names.allSatisfy { System.isDirectory("\(path)/\($0)") == false }
  }

  private static func folder(_ path: String) -> String {
    var folder = path
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    return folder
  }
}
