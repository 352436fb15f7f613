import Archives
import BinaryIO
import Formats
import JSON
import Tensors

/// Named arrays in one file, as `numpy.savez` writes them; for inputs and outputs of models as well as for weights.
public enum NPZ {
  /// The comment of an archive's entry that says which other entry it is one with.
  static let tieComment = "menagerie.tied-to:"
  /// The comment of an archive's first entry that carries our description of the model.
  static let descriptionComment = "menagerie.description:"
  /// The most bytes of a comment in a ZIP archive.
  private static let commentLimit = 0x7FFF

  /// The arrays of an `.npz`, or the one array of an `.npy` (it has no name of its own: `arr_0`).
  /// - Throws: `DataError`.
  public static func read(_ path: String) throws -> [TensorEntry] {
    try contents(path).entries
  }

  /// What an archive holds.
  struct Contents {
    var entries: [TensorEntry]
    var notes: [String] = []
    var description: String?
  }

  static func contents(_ path: String) throws -> Contents {
    try namingFile(path) {
      let bytes = try MappedFile(path: path).bytes
      guard !bytes.starts(with: NPYHeader.magic) else {
        let header = try NPYHeader(bytes)
        let entry = TensorEntry(name: "arr_0", try header.tensor(bytes))
        return Contents(entries: [entry], notes: header.type.note.map { [$0] } ?? [])
      }
      return try contents(try ZipArchive(bytes))
    }
  }

  private static func contents(_ archive: ZipArchive) throws -> Contents {
    var description: String?
    var entries: [TensorEntry] = []
    var notes: [String] = []
    var ties: [String: [String]] = [:]
    for file in archive.entries where !file.isDirectory {
      guard file.name.hasSuffix(".npy") else {
        notes.append("'\(file.name)' is no array and is left alone")
        continue
      }
      let name = String(file.name.dropLast(4))
      let (entry, note) = try naming("array '\(name)'") { try array(archive, file, name) }
      entries.append(entry)
      if let note { notes.append("array '\(name)': \(note)") }
      if file.comment.hasPrefix(descriptionComment) {
        description = String(file.comment.dropFirst(descriptionComment.count))
      }
      if file.comment.hasPrefix(tieComment) {
        ties[String(file.comment.dropFirst(tieComment.count)), default: []].append(name)
      }
    }
    guard !entries.isEmpty else {
      throw DataError(.malformed, "a ZIP archive without arrays", expected: "entries named '….npy'")
    }
    let groups = entries.compactMap { entry in ties[entry.name].map { [entry.name] + $0 } }
    return Contents(
      entries: TieRecords.restore(groups, in: entries), notes: notes, description: description)
  }

  private static func array(
    _ archive: ZipArchive, _ file: ZipEntry, _ name: String
  ) throws -> (TensorEntry, String?) {
    let header = try NPYHeader(
      try archive.prefix(of: file, count: NPYHeader.maximumByteCount + 12))
    try header.checkSize(file.size)
    if file.isStored {
      return (
        TensorEntry(name: name, try header.tensor(try archive.bytes(of: file))), header.type.note
      )
    }
    // Packed: unpacked when it is wanted, and no more than the header promises
    let entry = TensorEntry(name: name, dataType: header.type.dataType, shape: header.shape) {
      try header.tensor(try archive.bytes(of: file, limit: file.size))
    }
    return (entry, header.type.note)
  }

  /// Writes the arrays under their names, in order, stored so that they can be mapped.
  /// - Throws: `.unsupported` for types that NumPy has no name for.
  public static func write(
    _ entries: [TensorEntry], to path: String, description: String? = nil
  ) throws {
    let output = try AtomicFileWriter(path: path)
    try write(entries, to: output, description: description)
    try output.commit()
  }

  static func write(
    _ entries: [TensorEntry], to output: AtomicFileWriter, description: String?
  ) throws {
    let archive = ZipWriter(output)
    let carried = description.map { descriptionComment + $0 } ?? ""
    var first: [TensorIdentity: String] = [:]
    for (index, entry) in entries.enumerated() {
      try naming("tensor '\(entry.name)'") {
        let header = try NPYHeader.bytes(entry.dataType, entry.shape)
        // A first entry is never tied to an earlier one, so its comment is free
        var comment = index == 0 && carried.utf8.count <= commentLimit ? carried : ""
        if let identity = entry.identity, entry.shape.elementCount > 0 {
          if let other = first[identity] { comment = tieComment + other }
          first[identity] = first[identity] ?? entry.name
        }
        try archive.add(
          "\(entry.name).npy", [Bytes(header), try entry.load().contiguousBytes], comment: comment)
      }
    }
    try archive.finish()
  }

  /// The tensors that have no name in NumPy's format.
  static func obstacle(_ entries: [TensorEntry]) -> DataError? {
    guard !entries.isEmpty else {
      return DataError(.malformed, "holds no tensors to be converted")
    }
    let unnamed = entries.filter { NPYType.descriptor(of: $0.dataType) == nil }
    guard let first = unnamed.first else { return nil }
    let others = unnamed.count > 1 ? " (and \(unnamed.count - 1) more)" : ""
    return DataError(
      .unsupported, "NumPy has no name for \(first.dataType)\(others)",
      subject: "tensor '\(first.name)'", remedy: "convert with --dtype float32, or to safetensors")
  }
}
