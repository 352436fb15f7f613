import BinaryIO

/// Reads the long lists of a `tokenizer.json` where they lie, without a value for each entry.
struct JSONScanner {
  let text: [UInt8]
  var at = 0

  init(_ text: [UInt8]) { self.text = text }

  mutating func skipSpace() {
    while at < text.count {
      switch text[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
  }

  /// Steps over `character` if it comes next.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard at < text.count, text[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw error("no '\(character)'") }
  }

  /// Appends the bytes of the text that comes next.
  mutating func string(into bytes: inout [UInt8]) throws {
    try expect("\"")
    var start = at
    while at < text.count {
      switch text[at] {
      case 0x22:
        bytes += text[start..<at]
        at += 1
        return
      case 0x5C:
        bytes += text[start..<at]
        try escape(into: &bytes)
        start = at
      case 0..<0x20: throw error("a control character inside a text")
      default: at += 1
      }
    }
    throw error("a text that does not end")
  }

  mutating func string() throws -> [UInt8] {
    var bytes: [UInt8] = []
    try string(into: &bytes)
    return bytes
  }

  private mutating func escape(into bytes: inout [UInt8]) throws {
    guard at + 1 < text.count else { throw error("a text that does not end") }
    let letter = text[at + 1]
    at += 2
    switch letter {
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
    case UInt8(ascii: "u"):
      var scalar = try hexadecimal()
      if (0xD800..<0xDC00).contains(scalar), at + 1 < text.count, text[at] == 0x5C,
        text[at + 1] == UInt8(ascii: "u")
      {
        let before = at
        at += 2
        let second = try hexadecimal()
        if (0xDC00..<0xE000).contains(second) {
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (second - 0xDC00)
        } else {
          at = before
        }
      }
      UTF8Text.append((0xD800..<0xE000).contains(scalar) ? 0xFFFD : scalar, to: &bytes)
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    guard at + 4 <= text.count else { throw error("a broken \\u escape") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = text[at]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x37
      case 0x61...0x66: digit = byte - 0x57
      default: throw error("a broken \\u escape")
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  /// The text of the number that comes next.
  private mutating func digits() throws -> Range<Int> {
    skipSpace()
    let start = at
    while at < text.count {
      switch text[at] {
      case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: at += 1
      default:
        guard at > start else { throw error("no number") }
        return start..<at
      }
    }
    throw error("a number at the end")
  }

  mutating func integer() throws -> Int {
    let range = try digits()
    var value = 0
    for i in range {
      guard text[i] >= 0x30, text[i] <= 0x39, value < 1 << 50 else {
        throw DataError(
          .malformed, "'\(UTF8Text.string(text[range].prefix(30)))'",
          expected: "a whole number that is not negative", offset: range.lowerBound)
      }
      value = value * 10 + Int(text[i] - 0x30)
    }
    return value
  }

  mutating func double() throws -> Double {
    let range = try digits()
    guard let value = Double(UTF8Text.string(text[range])), value.isFinite else {
      throw DataError(
        .malformed, "'\(UTF8Text.string(text[range].prefix(30)))'", expected: "a number",
        offset: range.lowerBound)
    }
    return value
  }

  /// Steps over a value of any kind.
  mutating func skipValue() throws {
    skipSpace()
    guard at < text.count else { throw error("JSON that ends where a value is wanted") }
    var depth = 0
    repeat {
      skipSpace()
      guard at < text.count else { throw error("JSON that ends inside a value") }
      switch text[at] {
      case 0x22: try skipString()
      case 0x7B, 0x5B:
        depth += 1
        at += 1
      case 0x7D, 0x5D:
        depth -= 1
        at += 1
      case 0x2C, 0x3A: at += 1
      default:
        let start = at
        while at < text.count, !isEnd(text[at]) { at += 1 }
        guard at > start else { throw error("no JSON value") }
      }
    } while depth > 0
    guard depth == 0 else { throw error("an unmatched bracket") }
  }

  private mutating func skipString() throws {
    at += 1
    while at < text.count {
      switch text[at] {
      case 0x22:
        at += 1
        return
      case 0x5C: at += 2
      default: at += 1
      }
    }
    throw error("a text that does not end")
  }

  private func isEnd(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x0A, 0x0D, 0x09, 0x2C, 0x3A, 0x7B, 0x7D, 0x5B, 0x5D, 0x22: true
    default: false
    }
  }

  /// Calls `body` at each member's value, which it must read.
  mutating func object(_ body: (inout JSONScanner, _ key: [UInt8]) throws -> Void) throws {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(&self, key)
    } while take(",")
    try expect("}")
  }

  /// Calls `body` at each element, which it must read.
  mutating func array(_ body: (inout JSONScanner) throws -> Void) throws {
    try expect("[")
    if take("]") { return }
    repeat { try body(&self) } while take(",")
    try expect("]")
  }

  /// The next character that is no space.
  mutating func peek() -> UInt8? {
    skipSpace()
    return at < text.count ? text[at] : nil
  }

  func error(_ found: String) -> DataError {
    DataError(.malformed, found, expected: "JSON", offset: at)
  }
}
