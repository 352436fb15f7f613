import Archives
import BinaryIO
import TestSupport
import Testing

/// Archives made here, entry by entry, so that each can be broken in one place.
private func archive(_ entries: [(String, [UInt8])]) throws -> [UInt8] {
  let scratch = ScratchDirectory()
  let output = try AtomicFileWriter(path: scratch.file("a.zip"))
  let writer = ZipWriter(output)
  for (name, bytes) in entries { try writer.add(name, bytes) }
  try writer.finish()
  try output.commit()
  return try MappedFile(path: scratch.file("a.zip")).bytes.array
}

@Suite struct ZipWriting {
  @Test func entriesComeBackInOrderAndAligned() throws {
    let bytes = Bytes(
      try archive([("a", [1, 2, 3]), ("größe/b", []), ("c", [UInt8](repeating: 7, count: 5000))]))
    let zip = try ZipArchive(bytes)
    #expect(zip.entries.map(\.name) == ["a", "größe/b", "c"])
    #expect(try zip.entries.map { try zip.bytes(of: $0).count } == [3, 0, 5000])
    for entry in zip.entries where entry.size > 0 {
      #expect(
        try zip.bytes(of: entry, checksum: true).isAligned(to: 64) || !bytes.isAligned(to: 64))
    }
  }

  @Test func sameEntriesGiveSameBytes() throws {
    let entries: [(String, [UInt8])] = [("a", [1]), ("b", [2])]
    #expect(try archive(entries) == archive(entries))
  }

  @Test func refusesANameTwice() throws {
    let error = #expect(throws: DataError.self) { try archive([("a", [1]), ("a", [2])]) }
    #expect(error?.code == .unwritable)
  }
}

@Suite struct ZipReading {
  @Test func unpacksDeflatedEntries() throws {
    let zip = try ZipArchive(path: Fixtures.path("numpy/compressed.npz"))
    for entry in zip.entries {
      #expect(entry.method == .deflated)
      let whole = try zip.bytes(of: entry)
      #expect(whole.count == entry.size)
      #expect(try zip.prefix(of: entry, count: 10).array == Array(whole.array.prefix(10)))
    }
  }

  @Test func refusesMoreThanTheLimit() throws {
    let zip = try ZipArchive(path: Fixtures.path("numpy/compressed.npz"))
    let error = #expect(throws: DataError.self) { try zip.bytes(of: zip.entries[0], limit: 10) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func refusesAWrongChecksum() throws {
    var bytes = try archive([("a", [1, 2, 3])])
    let at = try #require(bytes.indices.first { Array(bytes[$0...].prefix(3)) == [1, 2, 3] })
    bytes[at] = 9
    let zip = try ZipArchive(Bytes(bytes))
    let error = #expect(throws: DataError.self) { try zip.bytes(of: zip.entries[0]) }
    #expect(error?.code == .malformed)
  }

  @Test func refusesALocalHeaderThatContradicts() throws {
    var bytes = try archive([("name", [1, 2, 3])])
    bytes[30] = UInt8(ascii: "N")
    let zip = try ZipArchive(Bytes(bytes))
    #expect(throws: DataError.self) { try zip.bytes(of: zip.entries[0]) }
  }

  @Test(arguments: [0, 1, 21, 22, 60]) func refusesATruncatedArchive(_ left: Int) throws {
    let bytes = try archive([("a", [1, 2, 3])])
    let error = #expect(throws: DataError.self) { try ZipArchive(Bytes(bytes.prefix(left))) }
    #expect(error?.code == .truncated)
  }

  @Test func survivesEveryFlippedBit() throws {
    let bytes = try archive([("a", [1, 2, 3]), ("b/c", [4])])
    for at in bytes.indices {
      for bit in 0..<8 {
        var broken = bytes
        broken[at] ^= 1 << UInt8(bit)
        guard let zip = try? ZipArchive(Bytes(broken)) else { continue }
        for entry in zip.entries { _ = try? zip.bytes(of: entry) }
      }
    }
  }
}
