/// Reads little-endian numbers and runs of bytes one after the other, checking every step.
public struct ByteReader {
  public let bytes: Bytes
  /// Bytes read so far.
  public private(set) var position: Int

  public init(_ bytes: Bytes, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  public var remaining: Int { bytes.count - position }
  public var isAtEnd: Bool { remaining <= 0 }

  /// The next integer, little-endian.
  /// - Throws: `.truncated` with the offset at which it was wanted.
  public mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws -> T {
    defer { position += MemoryLayout<T>.size }
    do { return try bytes.load(type, at: position) } catch { throw ended(MemoryLayout<T>.size) }
  }

  /// The next `count` bytes.
  public mutating func readBytes(_ count: Int) throws -> Bytes {
    guard count >= 0, count <= remaining else { throw ended(count) }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  /// The bytes up to the next line feed, which is read too but not returned.
  public mutating func readLine(limit: Int = 1 << 16) throws -> Bytes {
    let start = position
    while position < bytes.count, position - start <= limit {
      position += 1
      if bytes[position - 1] == 0x0A { return bytes[start..<(position - 1)] }
    }
    throw DataError(.malformed, "a line that does not end within \(limit) bytes", offset: start)
  }

  /// Steps over `count` bytes.
  public mutating func skip(_ count: Int) throws { _ = try readBytes(count) }

  private func ended(_ wanted: Int) -> DataError {
    DataError(
      .truncated, "ends where \(wanted) more bytes are announced and \(max(remaining, 0)) are left",
      offset: position, remedy: "is the file cut short?")
  }
}
