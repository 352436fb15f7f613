/// Scalars in and out of arrays of valid UTF-8.
enum UTF8Text {
  /// The scalar at `at`, and where the next begins; the bytes are a Swift string's, so they are valid.
  @inline(__always)
  static func decode(_ bytes: [UInt8], _ at: Int) -> (scalar: UInt32, next: Int) {
    let first = UInt32(bytes[at])
    if first < 0x80 { return (first, at + 1) }
    let second = UInt32(bytes[at + 1] & 0x3F)
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, at + 2) }
    let third = UInt32(bytes[at + 2] & 0x3F)
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, at + 3) }
    let fourth = UInt32(bytes[at + 3] & 0x3F)
    return ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, at + 4)
  }

  /// The scalar that ends before `at`, and where it begins.
  @inline(__always)
  static func decode(_ bytes: [UInt8], before at: Int) -> (scalar: UInt32, start: Int) {
    var start = at - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return (decode(bytes, start).scalar, start)
  }

  /// How many bytes the scalar that begins with `first` has.
  @inline(__always)
  static func length(_ first: UInt8) -> Int {
    first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }

  @inline(__always)
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    let top = { (shift: UInt32) in UInt8(truncatingIfNeeded: scalar >> shift) }
    if scalar < 0x80 {
      bytes.append(top(0))
    } else if scalar < 0x800 {
      bytes.append(0xC0 | top(6))
      bytes.append(0x80 | top(0) & 0x3F)
    } else if scalar < 0x1_0000 {
      bytes.append(0xE0 | top(12))
      bytes.append(0x80 | top(6) & 0x3F)
      bytes.append(0x80 | top(0) & 0x3F)
    } else {
      bytes.append(0xF0 | top(18))
      bytes.append(0x80 | top(12) & 0x3F)
      bytes.append(0x80 | top(6) & 0x3F)
      bytes.append(0x80 | top(0) & 0x3F)
    }
  }

  static func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

  static func string(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  static func string(_ scalars: some Sequence<UInt32>) -> String {
    var text = String.UnicodeScalarView()
    for scalar in scalars { text.append(Unicode.Scalar(scalar) ?? "\u{FFFD}") }
    return String(text)
  }
}

/// GPT-2's letters for bytes: printable ones stand for themselves, the others for U+0100 and what follows.
///
/// - Source: Radford et al., "Language Models are Unsupervised Multitask Learners", `bytes_to_unicode`.
enum ByteLetters {
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte)
        || (0xAE...0xFF).contains(byte)
      {
        return byte
      }
      defer { next += 1 }
      return next
    }
  }()

  /// The byte of each letter below U+0144.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  static func byte(_ scalar: UInt32) -> UInt8? {
    guard scalar < 0x144, bytes[Int(scalar)] >= 0 else { return nil }
    return UInt8(bytes[Int(scalar)])
  }
}
