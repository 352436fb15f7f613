import BinaryIO

/// Reads the list at the end of a ZIP archive, the only place where sizes can be trusted to be complete.
///
/// - Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16, ZIP64 included; one disk only.
struct ZipDirectory {
  /// More entries than any model file has.
  static let maximumEntryCount = 500_000

  let entries: [ZipEntry]
  /// Where the central directory begins; the entries' data lie before it.
  let offset: Int

  /// - Throws: `.truncated` without an end record, `.malformed` for contradictions and names that occur
  ///   twice, `.limitExceeded` for too many entries, `.unsupported` for encryption.
  init(_ bytes: Bytes) throws {
    let end = try ZipDirectory.findEnd(bytes)
    var count = Int(try bytes.load(UInt16.self, at: end + 10))
    var size = Int(try bytes.load(UInt32.self, at: end + 12))
    var offset = Int(try bytes.load(UInt32.self, at: end + 16))
    if let record = try ZipDirectory.zip64Record(bytes, before: end) {
      count = try bytes.size(at: record + 32)
      size = try bytes.size(at: record + 40)
      offset = try bytes.size(at: record + 48)
    }
    guard count <= ZipDirectory.maximumEntryCount else {
      throw DataError(.limitExceeded, "a ZIP archive with \(count) entries")
    }
    guard offset <= end, size <= end - offset, size >= count * 46 else {
      throw DataError(
        .malformed, "a ZIP directory of \(count) entries in \(size) bytes at \(offset)", offset: end
      )
    }
    self.offset = offset
    entries = try ZipDirectory.list(bytes[offset..<(offset + size)], count, dataEnd: offset)
  }

  /// The end record: the last signature whose comment fits what follows.
  private static func findEnd(_ bytes: Bytes) throws -> Int {
    var at = bytes.count - 22
    while at >= max(0, bytes.count - 22 - 0xFFFF) {
      if bytes[at] == 0x50, try bytes.load(UInt32.self, at: at) == 0x0605_4B50,
        at + 22 + Int(try bytes.load(UInt16.self, at: at + 20)) <= bytes.count
      {
        let disks = try bytes.load(UInt32.self, at: at + 4)
        guard disks == 0 || disks == 0xFFFF_FFFF else {
          throw DataError(.unsupported, "a ZIP archive in several volumes", offset: at)
        }
        return at
      }
      at -= 1
    }
    throw DataError(
      .truncated, "a ZIP archive without its directory at the end", remedy: "is the file cut short?"
    )
  }

  private static func zip64Record(_ bytes: Bytes, before end: Int) throws -> Int? {
    guard end >= 20, try bytes.load(UInt32.self, at: end - 20) == 0x0706_4B50 else { return nil }
    let record = try bytes.size(at: end - 12)
    guard record <= end - 76, try bytes.load(UInt32.self, at: record) == 0x0606_4B50 else {
      throw DataError(.malformed, "a ZIP64 locator that points at no record", offset: end - 20)
    }
    return record
  }

  private static func list(_ bytes: Bytes, _ count: Int, dataEnd: Int) throws -> [ZipEntry] {
    var reader = ByteReader(bytes)
    var entries: [ZipEntry] = []
    var names: Set<String> = []
    entries.reserveCapacity(count)
    for index in 0..<count {
      let entry = try readEntry(&reader, index, dataEnd: dataEnd)
      guard names.insert(entry.name).inserted else {
        throw DataError(.malformed, "occurs twice in the ZIP archive", subject: subject(entry.name))
      }
      entries.append(entry)
    }
    try refuseOverlaps(entries)
    return entries
  }

  private static func readEntry(
    _ reader: inout ByteReader, _ index: Int, dataEnd: Int
  ) throws -> ZipEntry {
    let start = reader.position
    guard try reader.read(UInt32.self) == 0x0201_4B50 else {
      throw DataError(
        .malformed, "entry \(index) of the ZIP directory has no signature", offset: start)
    }
    try reader.skip(4)
    let flags = try reader.read(UInt16.self)
    let method = ZipEntry.Method(try reader.read())
    try reader.skip(4)
    let checksum = try reader.read(UInt32.self)
    let small = (try reader.read(UInt32.self), try reader.read(UInt32.self))
    let nameCount = Int(try reader.read(UInt16.self))
    let extraCount = Int(try reader.read(UInt16.self))
    let commentCount = Int(try reader.read(UInt16.self))
    try reader.skip(8)
    let smallOffset = try reader.read(UInt32.self)
    guard let name = try? reader.readBytes(nameCount).utf8() else {
      throw DataError(.malformed, "the name of entry \(index) of the ZIP archive is not UTF-8")
    }
    var large = Zip64Sizes(try reader.readBytes(extraCount))
    let comment = try reader.readBytes(commentCount)
    return try naming(subject(name)) {
      let size = try large.next(small.1)
      let compressedSize = try large.next(small.0)
      let offset = try large.next(smallOffset)
      guard flags & 1 == 0 else { throw DataError(.unsupported, "is encrypted") }
      guard offset <= dataEnd, compressedSize <= dataEnd - offset,
        method != .stored || size == compressedSize
      else {
        throw DataError(
          .malformed, "sizes \(compressedSize) and \(size) at \(offset) do not fit the archive")
      }
      return ZipEntry(
        name: name, index: index, method: method, compressedSize: compressedSize, size: size,
        checksum: checksum, comment: (try? comment.utf8()) ?? "", headerOffset: offset,
        hasDataDescriptor: flags & 8 != 0)
    }
  }

  /// Entries that share bytes are how small archives unpack to endless ones.
  private static func refuseOverlaps(_ entries: [ZipEntry]) throws {
    var end = 0
    for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard entry.headerOffset >= end else {
        throw DataError(.malformed, "overlaps another entry", subject: subject(entry.name))
      }
      end = entry.headerOffset + 30 + entry.name.utf8.count + entry.compressedSize
    }
  }

  static func subject(_ name: String) -> String { "entry '\(name)'" }
}

/// The 64-bit numbers that replace saturated 32-bit ones, in their fixed order.
private struct Zip64Sizes {
  private var reader: ByteReader?

  init(_ extra: Bytes) {
    var fields = ByteReader(extra)
    while fields.remaining >= 4, let id = try? fields.read(UInt16.self),
      let count = try? fields.read(UInt16.self), let field = try? fields.readBytes(Int(count))
    {
      if id == 1 { reader = ByteReader(field) }
    }
  }

  mutating func next(_ small: UInt32) throws -> Int {
    guard small == 0xFFFF_FFFF, reader != nil else { return Int(small) }
    guard let value = try reader?.read(UInt64.self), let size = Int(exactly: value) else {
      throw DataError(.malformed, "a ZIP64 size beyond all bounds")
    }
    return size
  }
}

extension Bytes {
  /// A 64-bit size or offset that fits the machine's integers.
  fileprivate func size(at offset: Int) throws -> Int {
    guard let value = Int(exactly: try load(UInt64.self, at: offset)) else {
      throw DataError(.malformed, "a ZIP64 size beyond all bounds", offset: offset)
    }
    return value
  }
}
