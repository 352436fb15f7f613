import BinaryIO

/// A ZIP archive whose stored entries are viewed in place and whose packed ones are inflated on demand.
///
/// Nothing is ever extracted to disk, so that an entry's name is only a name.
public final class ZipArchive: Sendable {
  /// What is held in memory of one packed entry unless the caller knows better.
  public static let usualLimit = 256 << 20

  public let bytes: Bytes
  public let entries: [ZipEntry]
  private let byName: [String: Int]
  private let dataEnd: Int

  public convenience init(path: String) throws {
    let bytes = try MappedFile(path: path).bytes
    self.init(directory: try namingFile(path) { try ZipDirectory(bytes) }, bytes)
  }

  /// - Throws: `.malformed`, `.truncated`, `.limitExceeded`, `.unsupported`, with the entry's name.
  public convenience init(_ bytes: Bytes) throws {
    self.init(directory: try ZipDirectory(bytes), bytes)
  }

  private init(directory: ZipDirectory, _ bytes: Bytes) {
    self.bytes = bytes
    entries = directory.entries
    dataEnd = directory.offset
    byName = Dictionary(uniqueKeysWithValues: directory.entries.map { ($0.name, $0.index) })
  }

  public subscript(name: String) -> ZipEntry? { byName[name].map { entries[$0] } }

  /// The unpacked bytes of an entry: a view of the archive when it is stored, else memory of our own.
  /// - Parameters:
  ///   - limit: the most bytes to unpack.
  ///   - checksum: whether to compare the CRC-32; nil does so for unpacked entries and small stored ones.
  /// - Throws: `.limitExceeded` above `limit`, `.malformed` for a wrong checksum or local header.
  public func bytes(
    of entry: ZipEntry, limit: Int = ZipArchive.usualLimit, checksum: Bool? = nil
  ) throws -> Bytes {
    try naming(ZipDirectory.subject(entry.name)) {
      let packed = try packedBytes(of: entry)
      if entry.isStored {
        if checksum ?? (entry.size <= 1 << 16) { try verify(packed, entry) }
        return packed
      }
      guard entry.size <= limit else {
        throw DataError(
          .limitExceeded, "unpacks from \(packed.count) to \(entry.size) bytes",
          expected: "at most \(limit)")
      }
      let unpacked = try ZipInflater(self).bytes(of: entry, count: entry.size)
      if checksum ?? true { try verify(unpacked, entry) }
      return unpacked
    }
  }

  /// At most `count` bytes from the entry's beginning; no more is unpacked.
  public func prefix(of entry: ZipEntry, count: Int) throws -> Bytes {
    try naming(ZipDirectory.subject(entry.name)) {
      let packed = try packedBytes(of: entry)
      let wanted = min(count, entry.size)
      if entry.isStored { return packed[0..<wanted] }
      return try ZipInflater(self).bytes(of: entry, count: wanted)
    }
  }

  /// The bytes as they lie in the archive, once the local header has been found to agree.
  private func packedBytes(of entry: ZipEntry) throws -> Bytes {
    var header = ByteReader(bytes, at: entry.headerOffset)
    guard try header.read(UInt32.self) == 0x0403_4B50 else {
      throw DataError(.malformed, "has no local header", offset: entry.headerOffset)
    }
    try header.skip(4)
    let method = try header.read(UInt16.self)
    try header.skip(8)
    let sizes = (try header.read(UInt32.self), try header.read(UInt32.self))
    let nameCount = Int(try header.read(UInt16.self))
    let extraCount = Int(try header.read(UInt16.self))
    let name = try header.readBytes(nameCount)
    try header.skip(extraCount)
    guard name.array.elementsEqual(entry.name.utf8), method == entry.method.code,
      entry.hasDataDescriptor
        || agrees(sizes.0, entry.compressedSize) && agrees(sizes.1, entry.size)
    else {
      throw DataError(
        .malformed, "the local header contradicts the directory", offset: entry.headerOffset)
    }
    guard header.position + entry.compressedSize <= dataEnd else {
      throw DataError(.malformed, "reaches into the directory", offset: header.position)
    }
    return try bytes.slice(at: header.position, count: entry.compressedSize)
  }

  private func agrees(_ local: UInt32, _ central: Int) -> Bool {
    local == 0xFFFF_FFFF || Int(local) == central
  }

  private func verify(_ unpacked: Bytes, _ entry: ZipEntry) throws {
    guard entry.checksum == 0 || crc32(unpacked) == entry.checksum else {
      throw DataError(.malformed, "its bytes do not have the checksum that the archive gives")
    }
  }
}
