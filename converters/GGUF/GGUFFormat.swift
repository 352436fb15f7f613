import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// The file of llama.cpp and its kin: typed metadata, a tokenizer, and tensors, mapped in place.
public struct GGUFFormat: ModelFormat {
  public let identifier = "gguf"
  public let title = "GGUF file"
  public let extensions = ["gguf"]

  /// Under this key travels our description of the model.
  static let descriptionKey = "menagerie.description"

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool { probe.bytes.starts(with: GGUFFile.magic) }

  public func read(_ path: String) throws -> Checkpoint {
    var parts = try GGUFParts(path)
    return try namingFile(path) {
      let description = parts.metadata.take(GGUFFormat.descriptionKey)?.string
      var checkpoint = Checkpoint(
        format: identifier, tensors: parts.tensors, metadata: parts.metadata.json)
      checkpoint.native = parts.metadata
      if let description { checkpoint.adoptDescription(description) }
      return checkpoint
    }
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try AtomicFileWriter(path: path)
    let written = try GGUFWriter(checkpoint).write(to: output)
    try output.commit()
    return written
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    checkpoint.normalised.isEmpty ? DataError(.malformed, "holds no tensors to be converted") : nil
  }
}

extension GGUFMetadata {
  /// Removes a value and returns it.
  mutating func take(_ key: String) -> GGUFValue? { values.removeValue(forKey: key) }
}
