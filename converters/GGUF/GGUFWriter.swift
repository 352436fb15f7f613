import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// Writes version 3: the metadata, a line for each tensor, then their bytes, each on a multiple of the alignment.
struct GGUFWriter {
  private let entries: [TensorEntry]
  private let metadata: GGUFMetadata
  /// Whether the last tensor is one that only GGUF files have.
  private let isFactorsMade: Bool
  private static let alignment = 32
  /// ggml refuses longer names.
  private static let maximumNameLength = 63

  init(_ checkpoint: Checkpoint) throws {
    var entries = checkpoint.normalised.map(\.entry)
    var isMade = false
    if let factors = checkpoint.sidecars["config.json"].flatMap(RotaryFactors.tensor),
      entries.contains(where: { $0.name == "token_embd.weight" }),
      !entries.contains(where: { $0.name == RotaryFactors.name })
    {
      entries.append(TensorEntry(name: RotaryFactors.name, factors))
      isMade = true
    }
    self.entries = entries
    isFactorsMade = isMade
    var metadata = try checkpoint.metadataForGGUF()
    metadata["general.alignment"] = nil
    if let description = GGUFWriter.description(of: checkpoint, metadata, entries) {
      metadata[GGUFFormat.descriptionKey] = .string(description.text())
    }
    self.metadata = metadata
  }

  /// Our description of the model, without what the keys say already.
  private static func description(
    of checkpoint: Checkpoint, _ metadata: GGUFMetadata, _ entries: [TensorEntry]
  ) -> JSONValue? {
    var members = checkpoint.sidecars[Checkpoint.descriptionName]?.object ?? [:]
    members[KeptMetadata.member] = nil
    if let writing = ConfigurationWriting(checkpoint.sidecars["config.json"]) {
      members["config"] = writing.remainder(metadata, entries)
    }
    return members.isEmpty ? nil : .object(members)
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
    return entries.map {
      let isMade = isFactorsMade && $0.name == RotaryFactors.name
      return WrittenTensor(
        source: $0.name, target: $0.name, action: isMade ? .synthesised : .exact, written: $0,
        note: isMade ? "rotary scaling, as llama.cpp wants it" : nil)
    }
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
        .unsupported, "GGUF files hold no \(entry.dataType)",
        remedy: "say another type with --dtype")
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
