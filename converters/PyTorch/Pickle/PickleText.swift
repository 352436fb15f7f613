import BinaryIO

/// The texts of protocol 0, which are lines with escapes.
enum PickleText {
  /// Python's `raw-unicode-escape`: Latin-1, with `\u` before four hexadecimal digits and `\U` before eight.
  static func rawUnicode(_ line: Bytes) throws -> String {
    let bytes = line.array
    var text = String.UnicodeScalarView()
    var at = 0
    while at < bytes.count {
      let isShort = at + 5 < bytes.count && bytes[at + 1] == UInt8(ascii: "u")
      let isLong = at + 9 < bytes.count && bytes[at + 1] == UInt8(ascii: "U")
      if bytes[at] == UInt8(ascii: "\\"), isShort || isLong {
        let count = isShort ? 4 : 8
        let digits = String(decoding: bytes[(at + 2)..<(at + 2 + count)], as: UTF8.self)
        guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
          throw DataError(.malformed, "a text with a broken escape")
        }
        text.append(scalar)
        at += 2 + count
      } else {
        text.append(Unicode.Scalar(bytes[at]))
        at += 1
      }
    }
    return String(text)
  }

  /// A Python literal in quotes, as `repr` writes it.
  static func quoted(_ line: Bytes) throws -> [UInt8] {
    var bytes = line.array
    while let last = bytes.last, last == 0x20 || last == 0x0D { bytes.removeLast() }
    guard bytes.count >= 2, let quote = bytes.first, quote == bytes.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw DataError(.malformed, "a text without its quotes") }
    var result: [UInt8] = []
    var at = 1
    let end = bytes.count - 1
    while at < end {
      guard bytes[at] == UInt8(ascii: "\\") else {
        result.append(bytes[at])
        at += 1
        continue
      }
      guard at + 1 < end else { throw DataError(.malformed, "a text with a broken escape") }
      switch bytes[at + 1] {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "x"):
        guard at + 3 < end,
          let value = UInt8(String(decoding: bytes[(at + 2)...(at + 3)], as: UTF8.self), radix: 16)
        else { throw DataError(.malformed, "a text with a broken escape") }
        result.append(value)
        at += 2
      case let other: result.append(other)
      }
      at += 2
    }
    return result
  }
}
