import BinaryIO
import OrderedCollections

extension JSONValue {
  /// What a parse is willing to hold.
  public struct Limits: Sendable {
    public var depth = 256
    public var values = 20_000_000
    /// A key twice in one object is an error, not the last one's victory.
    public var refusesDuplicateKeys = true

    public init() {}
  }

  /// Parses one whole document.
  /// - Throws: `.malformed` with the byte offset, `.limitExceeded` for depth and count.
  public init(parsing bytes: Bytes, limits: Limits = Limits()) throws {
    // The parser works on an array, whose elements are bounds-checked and fast
    var parser = JSONParser(text: bytes.array, limits: limits)
    self = try parser.document()
  }

  public init(parsing text: String, limits: Limits = Limits()) throws {
    var parser = JSONParser(text: Array(text.utf8), limits: limits)
    self = try parser.document()
  }
}

private struct JSONParser {
  let text: [UInt8]
  let limits: JSONValue.Limits
  var at = 0
  var depth = 0
  var values = 0

  init(text: [UInt8], limits: JSONValue.Limits) {
    self.text = text
    self.limits = limits
  }

  mutating func document() throws -> JSONValue {
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    let value = try value()
    skipSpace()
    guard at == text.count else { throw error("something after the end of the JSON") }
    return value
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    values += 1
    guard values <= limits.values else {
      throw DataError(.limitExceeded, "JSON with more than \(limits.values) values", offset: at)
    }
    guard at < text.count else { throw error("JSON that ends where a value is wanted") }
    switch text[at] {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "N"): return try word("NaN", .number(.nan))
    case UInt8(ascii: "I"): return try word("Infinity", .number(.infinity))
    default: return try number()
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws -> JSONValue) throws -> JSONValue {
    depth += 1
    guard depth <= limits.depth else {
      throw DataError(.limitExceeded, "JSON nested deeper than \(limits.depth)", offset: at)
    }
    defer { depth -= 1 }
    at += 1
    return try body(&self)
  }

  private mutating func object() throws -> JSONValue {
    var members: OrderedDictionary<String, JSONValue> = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      let start = at
      guard at < text.count, text[at] == UInt8(ascii: "\"") else { throw error("no key") }
      let key = try string()
      skipSpace()
      guard take(":") else { throw error("no ':' after a key") }
      let value = try value()
      if members.updateValue(value, forKey: key) != nil, limits.refusesDuplicateKeys {
        throw DataError(.malformed, "the key '\(key)' twice in one JSON object", offset: start)
      }
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw error("neither ',' nor '}' after a member") }
    }
  }

  private mutating func array() throws -> JSONValue {
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value())
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw error("neither ',' nor ']' after an element") }
    }
  }

  private mutating func string() throws -> String {
    at += 1
    var bytes: [UInt8] = []
    var start = at
    while at < text.count {
      switch text[at] {
      case UInt8(ascii: "\""):
        bytes += text[start..<at]
        at += 1
        guard let value = String(validating: bytes, as: UTF8.self) else {
          throw error("text that is not UTF-8")
        }
        return value
      case UInt8(ascii: "\\"):
        bytes += text[start..<at]
        try escape(into: &bytes)
        start = at
      case 0..<0x20: throw error("a control character inside a text")
      default: at += 1
      }
    }
    throw error("a text that does not end")
  }

  private mutating func escape(into bytes: inout [UInt8]) throws {
    at += 1
    guard at < text.count else { throw error("a text that does not end") }
    defer { at += 1 }
    switch text[at] {
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(text[at])
    case UInt8(ascii: "u"): bytes += Array(String(Character(try unicode())).utf8)
    default: throw error("an unknown escape")
    }
  }

  /// `\u` and four hexadecimal digits, with its second half where there is one; leaves `at` on the last digit.
  private mutating func unicode() throws -> Unicode.Scalar {
    let first = try hexadecimal()
    guard (0xD800..<0xE000).contains(first) else {
      return Unicode.Scalar(first) ?? "\u{FFFD}"
    }
    guard first < 0xDC00, at + 2 < text.count, text[at + 1] == UInt8(ascii: "\\"),
      text[at + 2] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    at += 2
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second) else { return "\u{FFFD}" }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func hexadecimal() throws -> UInt32 {
    guard at + 4 < text.count,
      let digits = String(validating: text[(at + 1)...(at + 4)], as: UTF8.self),
      digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16)
    else { throw error("a broken \\u escape") }
    at += 4
    return value
  }

  private mutating func number() throws -> JSONValue {
    let start = at
    while at < text.count, "+-.eE0123456789Infity".utf8.contains(text[at]) { at += 1 }
    guard at > start, let literal = String(validating: text[start..<at], as: UTF8.self) else {
      throw error("no JSON value")
    }
    if literal == "-Infinity" { return .number(-.infinity) }
    let digits = literal.first == "-" ? literal.dropFirst() : Substring(literal)
    if digits.first?.isASCII == true, digits.first?.isNumber == true {
      if let value = Int(literal) { return .integer(value) }
      if let value = Double(literal) { return .number(value) }
    }
    at = start
    throw error("no JSON value")
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
    guard text[at...].starts(with: word.utf8) else { throw error("no JSON value") }
    at += word.utf8.count
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard at < text.count, text[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func skipSpace() {
    while at < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[at]) { at += 1 }
  }

  private func error(_ found: String) -> DataError {
    DataError(.malformed, found, expected: "JSON", offset: at)
  }
}
