import BinaryIO

/// Writes a ZIP archive of stored entries in one pass, each on a boundary that allows it to be mapped.
///
/// Timestamps are those of the format's epoch, so that the same entries give the same bytes.
public final class ZipWriter {
  private let output: AtomicFileWriter
  private var directory: [UInt8] = []
  private var entryCount = 0
  private var names: Set<String> = []
  /// 1 January 1980, midnight: what a ZIP archive's clock starts at.
  private static let epoch: (time: UInt16, date: UInt16) = (0, 0x0021)
  private static let isUTF8: UInt16 = 1 << 11

  public init(_ output: AtomicFileWriter) { self.output = output }

  /// Adds an entry that consists of `pieces`, beginning on a multiple of `alignment`.
  public func add(
    _ name: String, _ pieces: [Bytes], alignment: Int = 64, comment: String = ""
  ) throws {
    let size = pieces.reduce(0) { $0 + $1.count }
    guard name.utf8.count <= 0x7FFF, comment.utf8.count <= 0x7FFF else {
      throw DataError(.unwritable, "a name of \(name.utf8.count) bytes is too long for ZIP")
    }
    guard names.insert(name).inserted else {
      throw DataError(.unwritable, "occurs twice", subject: ZipDirectory.subject(name))
    }
    let checksum = pieces.reduce(0) { crc32($1, continuing: $0) }
    let offset = output.position
    let isLarge = size >= 0xFFFF_FFFF
    var extra = isLarge ? zip64Field([size, size]) : []
    extra += padding(
      after: offset + 30 + name.utf8.count + extra.count, to: alignment)
    var header = Fields()
    header.add(0x0403_4B50 as UInt32)
    header.add(isLarge ? 45 : 20 as UInt16)
    header.describe(name, checksum, isLarge ? 0xFFFF_FFFF : UInt32(size), extra.count)
    try output.write(header.bytes + Array(name.utf8) + extra)
    for piece in pieces { try output.write(piece) }
    list(name, comment, checksum, size: size, offset: offset)
  }

  public func add(_ name: String, _ bytes: [UInt8], alignment: Int = 64) throws {
    try add(name, [Bytes(bytes)], alignment: alignment)
  }

  /// Writes the directory; the output still has to be committed.
  public func finish() throws {
    let offset = output.position
    try output.write(directory)
    var end = Fields()
    let isLarge = offset >= 0xFFFF_FFFF || entryCount >= 0xFFFF
    if isLarge { end.zip64End(entryCount, directory.count, offset) }
    end.add(0x0605_4B50 as UInt32)
    end.add(0 as UInt32)
    let count = isLarge ? 0xFFFF : UInt16(entryCount)
    end.add(count)
    end.add(count)
    end.add(isLarge ? 0xFFFF_FFFF : UInt32(directory.count))
    end.add(isLarge ? 0xFFFF_FFFF : UInt32(offset))
    end.add(0 as UInt16)
    try output.write(end.bytes)
  }

  private func list(
    _ name: String, _ comment: String, _ checksum: UInt32, size: Int, offset: Int
  ) {
    let isLarge = size >= 0xFFFF_FFFF
    let isFar = offset >= 0xFFFF_FFFF
    let extra =
      isLarge || isFar ? zip64Field((isLarge ? [size, size] : []) + (isFar ? [offset] : [])) : []
    var entry = Fields()
    entry.add(0x0201_4B50 as UInt32)
    let version: UInt16 = isLarge || isFar ? 45 : 20
    entry.add(version)
    entry.add(version)
    entry.describe(name, checksum, isLarge ? 0xFFFF_FFFF : UInt32(size), extra.count)
    entry.add(UInt16(comment.utf8.count))
    entry.add(0 as UInt64)
    entry.add(isFar ? 0xFFFF_FFFF : UInt32(offset))
    directory += entry.bytes + Array(name.utf8) + extra + Array(comment.utf8)
    entryCount += 1
  }

  private func zip64Field(_ values: [Int]) -> [UInt8] {
    var field = Fields()
    field.add(1 as UInt16)
    field.add(UInt16(8 * values.count))
    for value in values { field.add(UInt64(value)) }
    return field.bytes
  }

  /// An extra field of zeros that moves what follows to a boundary; named as PyTorch names its own.
  private func padding(after position: Int, to alignment: Int) -> [UInt8] {
    var missing = (alignment - position % alignment) % alignment
    if missing == 0 { return [] }
    if missing < 4 { missing += alignment }
    var field = Fields()
    field.add(0x4246 as UInt16)
    field.add(UInt16(missing - 4))
    return field.bytes + [UInt8](repeating: 0, count: missing - 4)
  }

  /// Little-endian fields, one after the other.
  private struct Fields {
    var bytes: [UInt8] = []

    mutating func add<T: FixedWidthInteger>(_ value: T) {
      for i in 0..<MemoryLayout<T>.size {
        bytes.append(UInt8(truncatingIfNeeded: value >> (8 * T(i))))
      }
    }

    /// What local header and directory have in common.
    mutating func describe(_ name: String, _ checksum: UInt32, _ size: UInt32, _ extraCount: Int) {
      add(ZipWriter.isUTF8)
      add(0 as UInt16)
      add(ZipWriter.epoch.time)
      add(ZipWriter.epoch.date)
      add(checksum)
      add(size)
      add(size)
      add(UInt16(name.utf8.count))
      add(UInt16(extraCount))
    }

    mutating func zip64End(_ count: Int, _ size: Int, _ offset: Int) {
      add(0x0606_4B50 as UInt32)
      add(44 as UInt64)
      add(45 as UInt16)
      add(45 as UInt16)
      add(0 as UInt64)
      for value in [count, count, size, offset] { add(UInt64(value)) }
      add(0x0706_4B50 as UInt32)
      add(0 as UInt32)
      add(UInt64(offset + size))
      add(1 as UInt32)
    }
  }
}
