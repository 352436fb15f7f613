import BinaryIO
import Formats
import OrderedCollections
import Tensors

/// Writes version 3: the metadata, a line for each tensor, then their bytes, each on a multiple of the alignment.
struct GGUFWriter {
  private let entries: [TensorEntry]
  private let metadata: GGUFMetadata
  private static let alignment = 32
  /// ggml refuses longer names.
  private static let maximumNameLength = 63

  init(_ checkpoint: Checkpoint) throws {
    entries = checkpoint.normalised.map(\.entry)
    var metadata = try checkpoint.metadataForGGUF()
    metadata["general.alignment"] = nil
    if let description = checkpoint.descriptionText {
      metadata[GGUFFormat.descriptionKey] = .string(description)
    }
    self.metadata = metadata
  }

  func write(to output: AtomicFileWriter) throws -> [WrittenTensor] {
    try output.write(GGUFFile.magic)
    try output.write(integer: UInt32(3))
    try output.write(integer: UInt64(entries.count))
    try output.write(integer: UInt64(metadata.values.count))
    for (key, value) in metadata.values {
      try output.write(GGUFValue.encoded(key))
      try output.write(integer: value.type.rawValue)
      try output.write(value.bytes)
    }
    var names: Set<String> = []
    var offset: UInt64 = 0
    for entry in entries {
      try naming("tensor '\(entry.name)'") {
        guard names.insert(entry.name).inserted else {
          throw DataError(.unsupported, "cannot be written under this name twice")
        }
        try output.write(try line(entry, at: offset))
        offset += UInt64(entry.byteCount + padding(after: entry.byteCount))
      }
    }
    try output.pad(to: GGUFWriter.alignment)
    for entry in entries {
      let bytes = try entry.load().contiguousBytes
      try output.write(bytes)
      try output.pad(to: GGUFWriter.alignment)
    }
    return entries.map { WrittenTensor(source: $0.name, target: $0.name, written: $0) }
  }

  private func line(_ entry: TensorEntry, at offset: UInt64) throws -> [UInt8] {
    guard entry.name.utf8.count <= GGUFWriter.maximumNameLength else {
      throw DataError(
        .unsupported, "its name has \(entry.name.utf8.count) bytes",
        expected: "at most \(GGUFWriter.maximumNameLength) in a GGUF file")
    }
    guard entry.shape.rank <= GGUFFile.maximumRank else {
      throw DataError(
        .unsupported, "has \(entry.shape.rank) axes",
        expected: "at most \(GGUFFile.maximumRank) in a GGUF file")
    }
    guard let type = GGUFTensorType(entry.dataType) else {
      throw DataError(
        .unsupported, "GGUF files hold no \(entry.dataType)", remedy: "say another type with --dtype")
    }
    var line = GGUFValue.encoded(entry.name)
    line += GGUFValue.littleEndian(UInt32(entry.shape.rank))
    for extent in entry.shape.reversed() { line += GGUFValue.littleEndian(UInt64(extent)) }
    return line + GGUFValue.littleEndian(type.number) + GGUFValue.littleEndian(offset)
  }

  private func padding(after count: Int) -> Int {
    (GGUFWriter.alignment - count % GGUFWriter.alignment) % GGUFWriter.alignment
  }
}
