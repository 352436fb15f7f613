import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// Writes the header in the order of the checkpoint, and the data with the widest types first, so that all are aligned.
struct SafeTensorsWriter {
  private let entries: [TensorEntry]
  private let metadata: OrderedDictionary<String, JSONValue>

  init(_ checkpoint: Checkpoint) {
    entries = checkpoint.normalised.map(\.entry)
    var metadata: OrderedDictionary<String, JSONValue> = ["format": "pt"]
    if checkpoint.format == "safetensors" {
      for (key, value) in checkpoint.metadata where value.string != nil { metadata[key] = value }
    }
    metadata[StateDictKeys.versions] = checkpoint.metadata[StateDictKeys.versions].map {
      .string($0.string ?? $0.text())
    }
    if let ties = TieRecords.text(TieRecords.groups(entries)) {
      metadata[SafeTensorsFormat.tiesKey] = .string(ties)
    }
    if let description = checkpoint.descriptionText {
      metadata[SafeTensorsFormat.descriptionKey] = .string(description)
    }
    self.metadata = metadata
  }

  func write(to output: AtomicFileWriter) throws -> [WrittenTensor] {
    // Stable: entries of one width stay in their order
    let order = entries.indices.sorted {
      (-entries[$0].dataType.alignment, $0) < (-entries[$1].dataType.alignment, $1)
    }
    let header = try header(order)
    try output.write(integer: UInt64(header.utf8.count))
    try output.write(header)
    for index in order { try output.write(try entries[index].load().contiguousBytes) }
    return entries.map { WrittenTensor(source: $0.name, target: $0.name, written: $0) }
  }

  private func header(_ order: [Int]) throws -> String {
    var offsets = [Int](repeating: 0, count: entries.count)
    var end = 0
    for index in order {
      offsets[index] = end
      end += entries[index].byteCount
    }
    var members: OrderedDictionary<String, JSONValue> = ["__metadata__": .object(metadata)]
    for (entry, offset) in zip(entries, offsets) {
      guard let type = SafeTensorsTypes.names[entry.dataType] else {
        throw DataError(.unsupported, "\(entry.dataType) has no name in safetensors")
      }
      let isNew =
        members.updateValue(
          [
            "dtype": .string(type), "shape": .array(entry.shape.dimensions.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(offset + entry.byteCount)],
          ], forKey: entry.name) == nil
      guard isNew else {
        throw DataError(
          .unsupported, "cannot be written under this name", subject: "tensor '\(entry.name)'")
      }
    }
    var text = JSONValue.object(members).text()
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    guard text.utf8.count <= SafeTensorsHeader.maximumByteCount else {
      throw DataError(.limitExceeded, "a header of \(text.utf8.count) bytes is too long")
    }
    return text
  }
}

extension DataType {
  /// The boundary on which an element must lie.
  fileprivate var alignment: Int { self == .complex64 ? 4 : byteCount }
}
