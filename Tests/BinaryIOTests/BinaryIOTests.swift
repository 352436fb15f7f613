import BinaryIO
import Glibc
import TestSupport
import Testing

@Suite struct BytesClaims {
  let bytes = Bytes([1, 2, 3, 4, 5, 6, 7, 8, 9] as [UInt8])

  @Test func loadsLittleEndianAtAnyAlignment() throws {
    #expect(try bytes.load(UInt32.self, at: 1) == 0x0504_0302)
    #expect(try bytes.load(Int64.self, at: 1) == 0x0908_0706_0504_0302)
  }

  @Test(arguments: [(-1, 1), (0, 10), (9, 1), (10, 0), (3, -1), (1, Int.max), (Int.max, 1)])
  func refusesSlicesOutside(offset: Int, count: Int) {
    #expect(throws: DataError.self) { try bytes.slice(at: offset, count: count) }
  }

  @Test func slicesKeepTheirPlace() throws {
    let inner = try bytes.slice(at: 2, count: 5).slice(at: 1, count: 3)
    #expect(inner.array == [4, 5, 6])
    #expect(inner[0..<0].isEmpty)
  }

  @Test func refusesTextThatIsNotUTF8() {
    #expect(throws: DataError.self) { try Bytes([0x77, 0xFF, 0xFE] as [UInt8]).utf8() }
  }
}

@Suite struct ReaderClaims {
  @Test func saysWhereTheDataEnd() throws {
    var reader = ByteReader(Bytes([1, 0, 0, 0, 9] as [UInt8]))
    #expect(try reader.read(UInt32.self) == 1)
    let error = #expect(throws: DataError.self) { try reader.read(UInt16.self) }
    #expect(error?.code == .truncated)
    #expect(error?.offset == 4)
  }

  @Test func endsLinesAtTheLineFeedOnly() throws {
    var reader = ByteReader(Bytes(Array("abc\n\nrest".utf8)))
    #expect(try reader.readLine().utf8() == "abc")
    #expect(try reader.readLine().isEmpty)
    #expect(throws: DataError.self) { try reader.readLine() }
  }
}

@Suite struct MappedFileClaims {
  let scratch = ScratchDirectory()

  @Test func mapsWhatWasWritten() throws {
    let path = try scratch.write("a", [5, 6, 7])
    #expect(try MappedFile(path: path).bytes.array == [5, 6, 7])
  }

  @Test func releasedPagesComeBackFromTheFile() throws {
    let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try scratch.write("pages", content)
    let bytes = try MappedFile(path: scratch.file("pages")).bytes
    bytes[5000..<40_000].releasePages()
    #expect(bytes.array == content)
    let own = Bytes(content)
    own.releasePages()
    #expect(own.array == content)
    Bytes().releasePages()
  }

  @Test func slicesOutliveTheFileObject() throws {
    let path = try scratch.write("a", Array(repeating: 9, count: 9000))
    let tail = try MappedFile(path: path).bytes[8000..<9000]
    #expect(tail.array == Array(repeating: 9, count: 1000))
  }

  @Test func refusesWhatIsNoRegularFile() throws {
    try scratch.write("empty", [])
    unsafe mkfifo(scratch.file("pipe"), 0o600)
    for (name, code) in [
      ("missing", DataError.Code.notFound), ("empty", .malformed), ("pipe", .unreadable),
      (".", .unreadable),
    ] {
      let error = #expect(throws: DataError.self) { try MappedFile(path: scratch.file(name)) }
      #expect(error?.code == code, "\(name)")
      #expect(error?.path == scratch.file(name))
    }
  }
}

@Suite struct WriterClaims {
  let scratch = ScratchDirectory()

  @Test func nothingAppearsWithoutCommit() throws {
    try scratch.write("out", [1])
    do {
      let writer = try AtomicFileWriter(path: scratch.file("out"))
      try writer.write([UInt8](repeating: 2, count: 200_000))
    }
    #expect(scratch.names == ["out"])
    #expect(try MappedFile(path: scratch.file("out")).bytes.array == [1])
  }

  @Test func commitReplacesTheOlderFile() throws {
    try scratch.write("out", [1])
    let writer = try AtomicFileWriter(path: scratch.file("out"))
    try writer.write([1, 2])
    try writer.write(integer: UInt32(0x0403_0201))
    try writer.pad(to: 8)
    try writer.write(Bytes([UInt8](repeating: 7, count: 100_000)))
    try writer.commit()
    let bytes = try MappedFile(path: scratch.file("out")).bytes
    #expect(bytes[0..<8].array == [1, 2, 1, 2, 3, 4, 0, 0])
    #expect(bytes.count == 100_008 && bytes[100_007] == 7)
    #expect(scratch.names == ["out"])
  }

  @Test func sendsPiecesAtTheirMultiplesWhateverIsWritten() throws {
    let piece = AtomicFileWriter.pieceSize
    let writer = try AtomicFileWriter(path: scratch.file("out"))
    var written = 0
    func some(_ count: Int) -> [UInt8] {
      let start = written
      written += count
      return (start..<written).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) }
    }
    let counts = [1, 70_000, 0, piece - 70_001, 2 * piece, 3 * piece + 5, piece - 5, 99, piece + 1]
    for count in counts {
      try writer.write(Bytes(some(count)))
      try writer.write(some(3))
      #expect(writer.position == written)
    }
    try writer.write(some(2 * piece + 7))
    try writer.commit()
    let all = written
    written = 0
    #expect(try MappedFile(path: scratch.file("out")).bytes.array == some(all))
  }

  @Test func refusesADirectoryAndAMissingFolder() {
    for path in [scratch.path, scratch.file("nowhere/out")] {
      let error = #expect(throws: DataError.self) { try AtomicFileWriter(path: path) }
      #expect(error?.code == .unwritable)
    }
  }
}

@Suite struct ChecksumClaims {
  @Test func sha256OfTheStandardsExample() {
    #expect(
      SHA256.hex(of: Bytes(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func sha256InPiecesIsThatOfTheWhole() {
    var hash = SHA256()
    hash.update(Bytes(Array("a".utf8)))
    hash.update(Bytes(Array("bc".utf8)))
    #expect(hash.finish() == SHA256.hex(of: Bytes(Array("abc".utf8))))
  }

  @Test func crc32OfTheUsualCheckText() {
    #expect(crc32(Bytes(Array("123456789".utf8))) == 0xCBF4_3926)
  }
}

@Suite struct ErrorClaims {
  @Test func wordsAreOneLineWithoutControlCharacters() {
    let error = DataError(
      .malformed, "the name 'a\nb\u{1B}[2J'", expected: "a name", subject: "tensor 'x'", offset: 7,
      remedy: "rename it"
    ).inFile("m.pth").inFile("other")
    #expect(
      error.description
        == "m.pth: tensor 'x': the name 'a\\u{a}b\\u{1b}[2J' (at byte 7); expected a name; rename it"
    )
  }
}

@Suite struct StagedOutputClaims {
  let scratch = ScratchDirectory()

  @Test func isRemovedUnlessCommitted() throws {
    try scratch.write("out", [1])
    do {
      let staged = try StagedOutput(path: scratch.file("out"))
      let writer = try AtomicFileWriter(path: staged.temporaryPath)
      try writer.write([2])
      try writer.commit()
      #expect(scratch.names.count == 2)
    }
    #expect(scratch.names == ["out"])
    #expect(try MappedFile(path: scratch.file("out")).bytes.array == [1])
  }

  @Test func aFullDirectoryIsNotReplacedUnlessAllowed() throws {
    for allowed in [false, true] {
      let staged = try StagedOutput(path: scratch.file("folder/"))
      unsafe mkdir(scratch.file("folder"), 0o755)
      try scratch.write("folder/old", [1])
      unsafe mkdir(staged.temporaryPath, 0o755)
      try scratch.write("\(System.lastComponent(staged.temporaryPath))/new", [2])
      if allowed {
        try staged.commit(replacingDirectory: true)
        #expect(System.names(in: scratch.file("folder")) == ["new"])
      } else {
        #expect(throws: DataError.self) { try staged.commit() }
        #expect(System.names(in: scratch.file("folder")) == ["old"])
      }
    }
    #expect(scratch.names == ["folder"])
  }

  @Test func saysThatTheFolderIsMissing() {
    let error = #expect(throws: DataError.self) {
      try StagedOutput(path: scratch.file("nowhere/x"))
    }
    #expect(error?.code == .unwritable)
  }
}
