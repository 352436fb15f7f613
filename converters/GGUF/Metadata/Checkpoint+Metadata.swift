import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

extension Checkpoint {
  /// The metadata that a GGUF file of these tensors has: those that it came with, or made from the files beside the weights.
  func metadataForGGUF() throws -> GGUFMetadata {
    var metadata = try gguf ?? madeMetadata()
    let entries = normalised.map(\.entry)
    if let type = FileType.number(entries, said: metadata["general.file_type"]?.integer) {
      metadata["general.file_type"] = .uint32(type)
    }
    // Whose layouts of blocks these are
    if entries.contains(where: { (GGUFTensorType($0.dataType)?.blockElements ?? 1) > 1 }) {
      metadata["general.quantization_version"] = .uint32(2)
    }
    return metadata
  }

  private func madeMetadata() throws -> GGUFMetadata {
    var metadata = GGUFMetadata()
    let config = sidecars["config.json"]
    let writing = ConfigurationWriting(config)
    let name = writing?.architecture.name ?? config?["model_type"]?.string
    metadata["general.architecture"] = .string(name ?? "unknown")
    metadata["general.type"] = .string("model")
    if let path = config?["_name_or_path"]?.string, let name = path.split(separator: "/").last {
      metadata["general.name"] = .string(String(name))
    }
    writing?.write(to: &metadata)
    if let vocabulary = try GGUFVocabulary(of: self) { vocabulary.write(to: &metadata) }
    return metadata
  }
}
