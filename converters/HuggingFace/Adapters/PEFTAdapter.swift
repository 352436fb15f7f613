import BinaryIO
import Formats
import JSON
import OrderedCollections
import PyTorchConverter
import SafeTensorsConverter
import Tensors

/// A directory with adapters as the `peft` library keeps them: `adapter_config.json` and `adapter_model.safetensors`.
public struct PEFTAdapter: Sendable {
  public var configuration: PEFTConfiguration
  /// By the names of the adapted network's modules: `encoder.layer.0.attention.self.query.lora_A.weight`.
  public var tensors: OrderedDictionary<String, TensorEntry>
  /// Small files in our own words that travel with it.
  public var sidecars: OrderedDictionary<String, JSONValue>

  static let configurationName = "adapter_config.json"
  static let weightsName = "adapter_model.safetensors"
  private static let olderName = "adapter_model.bin"
  /// What stands before every name on disk.
  private static let prefix = "base_model.model."

  public init(
    configuration: PEFTConfiguration, tensors: OrderedDictionary<String, TensorEntry>,
    sidecars: OrderedDictionary<String, JSONValue> = [:]
  ) {
    self.configuration = configuration
    self.tensors = tensors
    self.sidecars = sidecars
  }

  /// Whether there is a directory with an adapter.
  public static func isAdapter(_ path: String) -> Bool {
    System.names(in: path).contains(configurationName)
  }

  /// - Throws: `.notFound` when the directory holds no adapter, and what its files throw.
  public init(contentsOf path: String) throws {
    let folder = System.withoutTrailingSlashes(path)
    let names = System.names(in: folder)
    guard names.contains(PEFTAdapter.configurationName) else {
      throw DataError(
        .notFound, "is no directory with an adapter",
        expected: "'\(PEFTAdapter.configurationName)' in it", path: path)
    }
    let file = "\(folder)/\(PEFTAdapter.configurationName)"
    configuration = try namingFile(file) { try PEFTConfiguration(JSONFiles.read(file)) }
    let weights: Checkpoint
    if names.contains(PEFTAdapter.weightsName) {
      weights = try SafeTensorsFormat().read("\(folder)/\(PEFTAdapter.weightsName)")
    } else if names.contains(PEFTAdapter.olderName) {
      weights = try PyTorchFormat().read("\(folder)/\(PEFTAdapter.olderName)")
    } else {
      throw DataError(
        .notFound, "the adapter has no weights", expected: "'\(PEFTAdapter.weightsName)'",
        path: path)
    }
    tensors = [:]
    for entry in weights.tensors {
      guard entry.name.hasPrefix(PEFTAdapter.prefix) else {
        throw DataError(
          .malformed, "does not begin with '\(PEFTAdapter.prefix)'",
          subject: "tensor '\(entry.name)'", path: path)
      }
      let name = String(entry.name.dropFirst(PEFTAdapter.prefix.count))
      tensors[name] = entry.renamed(name)
    }
    sidecars = [:]
    if names.contains(Checkpoint.descriptionName) {
      let own = "\(folder)/\(Checkpoint.descriptionName)"
      sidecars[Checkpoint.descriptionName] = try namingFile(own) { try JSONFiles.read(own) }
    }
  }

  /// Writes the directory; it appears when it is complete. Only an adapter's directory is replaced.
  public func write(to path: String) throws {
    let output = try StagedOutput(path: path)
    try System.createDirectory(output.temporaryPath)
    let folder = output.temporaryPath
    let entries = tensors.map { $0.value.renamed(PEFTAdapter.prefix + $0.key) }
    let checkpoint = Checkpoint(
      format: "safetensors", tensors: entries, metadata: ["format": "pt"])
    _ = try SafeTensorsFormat().write(checkpoint, to: "\(folder)/\(PEFTAdapter.weightsName)")
    var files = sidecars
    files[PEFTAdapter.configurationName] = configuration.json
    for (name, value) in files {
      guard JSONFiles.isPlainName(name) else {
        throw DataError(.unwritable, "'\(name)' is no name for a file", path: path)
      }
      let file = try AtomicFileWriter(path: "\(folder)/\(name)")
      try file.write(value.text(indented: true) + "\n")
      try file.commit()
    }
    try output.commit(replacingDirectory: PEFTAdapter.isAdapter(output.path))
  }
}
