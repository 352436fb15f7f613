import BinaryIO

/// Reads the one shape of Python literal that array headers have: a flat dictionary of texts, truths and tuples of integers.
struct PythonLiteral {
  enum Value: Equatable {
    case text(String), bool(Bool), integers([Int])
  }

  private let text: [UInt8]
  private let offset: Int
  private var at = 0

  init(_ text: [UInt8], offset: Int) {
    self.text = text
    self.offset = offset
  }

  /// - Throws: `.malformed` for anything else than such a dictionary, `.limitExceeded` for integers beyond 64 bits.
  mutating func dictionary() throws -> [String: Value] {
    var fields: [String: Value] = [:]
    try expect("{")
    while !take("}") {
      let key = try quoted()
      try expect(":")
      guard fields.updateValue(try value(), forKey: key) == nil else {
        throw error("the key '\(key)' twice in a header")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard at == text.count else { throw error("something behind the header's end") }
    return fields
  }

  private mutating func value() throws -> Value {
    skipSpace()
    guard at < text.count else { throw error("a header that ends early") }
    switch text[at] {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try quoted())
    case UInt8(ascii: "("): return .integers(try tuple())
    case UInt8(ascii: "T"): return try word("True", .bool(true))
    case UInt8(ascii: "F"): return try word("False", .bool(false))
    default: throw error("a header with something that is no text, truth or tuple of integers")
    }
  }

  private mutating func tuple() throws -> [Int] {
    try expect("(")
    var integers: [Int] = []
    while !take(")") {
      integers.append(try integer())
      if !take(",") {
        try expect(")")
        break
      }
    }
    return integers
  }

  private mutating func integer() throws -> Int {
    skipSpace()
    let start = at
    while at < text.count, text[at] == UInt8(ascii: "-") || (0x30...0x39).contains(text[at]) {
      at += 1
    }
    let digits = String(decoding: text[start..<at], as: UTF8.self)
    // Python 2 wrote its long integers with an L
    if at < text.count, text[at] == UInt8(ascii: "L") { at += 1 }
    guard let value = Int(digits) else {
      throw digits.count > 18
        ? DataError(.limitExceeded, "the extent \(digits)", offset: offset + start)
        : error("a shape that is not made of integers")
    }
    return value
  }

  private mutating func quoted() throws -> String {
    skipSpace()
    guard at < text.count, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(text[at]) else {
      throw error("a header without a text where one is wanted")
    }
    let quote = text[at]
    let start = at + 1
    guard let end = text[start...].firstIndex(of: quote) else { throw error("a text without end") }
    at = end + 1
    guard let value = String(validating: text[start..<end], as: UTF8.self), !value.contains("\\")
    else {
      throw error("a text with escapes, or not UTF-8")
    }
    return value
  }

  private mutating func word(_ word: String, _ value: Value) throws -> Value {
    guard text[at...].starts(with: word.utf8) else { throw error("a header with an unknown word") }
    at += word.utf8.count
    return value
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw error("a header without '\(character)' where it is wanted") }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard at < text.count, text[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func skipSpace() {
    while at < text.count, [0x20, 0x0A, 0x09, 0x0D].contains(text[at]) { at += 1 }
  }

  private func error(_ found: String) -> DataError {
    DataError(.malformed, found, expected: "a NumPy array's header", offset: offset + at)
  }
}
