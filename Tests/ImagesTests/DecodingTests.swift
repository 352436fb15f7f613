import BinaryIO
import Images
import Tensors
import TestSupport
import Testing

@Suite struct DecodingTests {
  @Test(arguments: [
    "photo.png", "grey.png", "alpha.png", "grey-alpha.png", "palette.png",
    "palette-transparent.png",
    "bilevel.png", "sixteen-bit.png", "tall.png", "420.jpg", "422.jpg", "444.jpg", "grey.jpg",
    "progressive.jpg", "rotated.jpg", "cmyk.jpg",
  ])
  func decodesToPillowsPixels(name: String) throws {
    let picture = try Picture(contentsOf: Fixtures.path("images/\(name)"))
    let golden = try #require(try NumPyArrays.arrays("images/decoded.npz")[name])
    #expect(golden.shape == [picture.height, picture.width, 3])
    #expect(picture.pixels == golden.values(as: UInt8.self))
  }

  @Test func refusesWhatIsNoPicture() {
    #expect {
      try Picture(decoding: Bytes(Array("GIF89a".utf8)))
    } throws: { ($0 as? DataError)?.code == .unknownFormat }
  }

  @Test(arguments: ["photo.png", "palette.png", "420.jpg", "progressive.jpg"])
  func refusesAPictureThatIsCutShort(name: String) throws {
    let whole = try Fixtures.bytes("images/\(name)")
    for part in 1..<20 {
      let length = whole.count * part / 20
      #expect(throws: DataError.self, "\(length) of \(whole.count) bytes") {
        try Picture(decoding: whole[0..<length])
      }
    }
  }

  @Test(arguments: ["photo.png", "sixteen-bit.png", "420.jpg", "progressive.jpg", "grey.jpg"])
  func survivesDamage(name: String) throws {
    var random = SplitMix(state: 2026)
    let whole = try Fixtures.bytes("images/\(name)").array
    for _ in 0..<300 {
      var damaged = whole
      for _ in 0..<(1 + Int(random.next() % 4)) {
        damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(
          truncatingIfNeeded: random.next())
      }
      do { _ = try Picture(decoding: Bytes(damaged)) } catch is DataError {}
    }
  }

  @Test func refusesEndlessScans() throws {
    var bytes = try Fixtures.bytes("images/progressive.jpg").array
    let starts = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
    let scan = Array(bytes[starts[0]..<starts[1]])
    bytes.insert(contentsOf: (0..<200).flatMap { _ in scan }, at: starts[1])
    #expect {
      try Picture(decoding: Bytes(bytes))
    } throws: { "\($0)".contains("more than 100 scans") }
  }

  @Test func refusesMorePixelsThanItWouldHold() throws {
    var bytes = try Fixtures.bytes("images/photo.png").array
    bytes.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF])
    // The header's checksum, too, or libpng would refuse it first.
    let checksum = crc32(Bytes(bytes[12..<29]))
    bytes.replaceSubrange(29..<33, with: (0..<4).map { UInt8(checksum >> (24 - 8 * $0) & 255) })
    #expect {
      try Picture(decoding: Bytes(bytes))
    } throws: { ($0 as? DataError)?.code == .limitExceeded }
  }
}

/// Numbers that are the same on every machine.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
