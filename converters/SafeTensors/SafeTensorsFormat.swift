import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// Hugging Face's plain container: a JSON header and the tensors' bytes, mapped in place.
public struct SafeTensorsFormat: ModelFormat {
  public let identifier = "safetensors"
  public let title = "safetensors"
  public let extensions = ["safetensors"]

  /// Under this key of the metadata we note which tensors were one.
  static let tiesKey = "menagerie.ties"
  /// Under this key travels our description of the model.
  static let descriptionKey = "menagerie.description"

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool {
    guard let length = try? probe.bytes.load(UInt64.self, at: 0), probe.bytes.count > 8 else {
      return false
    }
    // A broken length must not turn the file into one of nobody's
    return probe.bytes[8] == UInt8(ascii: "{")
      && (length <= UInt64(SafeTensorsHeader.maximumByteCount) || probe.bytes.count < 1 << 20
        || length < 1 << 40)
  }

  public func read(_ path: String) throws -> Checkpoint {
    try namingFile(path) {
      let header = try SafeTensorsHeader(try MappedFile(path: path).bytes)
      var entries = try header.entries.map { entry in
        TensorEntry(
          name: entry.name,
          try Tensor(
            viewing: TensorStorage(header.data[entry.range]), dataType: entry.dataType,
            shape: entry.shape))
      }
      var metadata = header.metadata
      if let ties = metadata.removeValue(forKey: SafeTensorsFormat.tiesKey)?.string {
        entries = TieRecords.restore(TieRecords.parse(ties), in: entries)
      }
      let description = metadata.removeValue(forKey: SafeTensorsFormat.descriptionKey)?.string
      var checkpoint = Checkpoint(format: identifier, tensors: entries, metadata: metadata)
      if let description { checkpoint.adoptDescription(description) }
      return checkpoint
    }
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    checkpoint.normalised.isEmpty
      ? DataError(.malformed, "holds no tensors to be converted") : obstacle(toBlocksOf: checkpoint)
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try AtomicFileWriter(path: path)
    let written = try SafeTensorsWriter(checkpoint).write(to: output)
    try output.commit()
    return written
  }
}
