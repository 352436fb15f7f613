import BinaryIO
import JSON

/// A component's settings in a `tokenizer.json`, with errors that say which.
struct Settings {
  let value: JSONValue
  /// `normalizer`, `pre_tokenizer.pretokenizers[1]` …
  let path: String

  var type: String {
    get throws { try string("type") }
  }

  private func wrong(_ key: String, _ expected: String) -> DataError {
    let found = value[key].map { $0.text().prefix(60) }
    return DataError(
      .malformed, found.map { "'\(key)' is \($0)" } ?? "no '\(key)'", expected: expected,
      subject: path)
  }

  func string(_ key: String) throws -> String {
    guard let string = value[key]?.string else { throw wrong(key, "a text") }
    return string
  }

  func string(_ key: String, default usual: String) throws -> String {
    has(key) ? try string(key) : usual
  }

  func optionalString(_ key: String) throws -> String? { has(key) ? try string(key) : nil }

  func bool(_ key: String, default usual: Bool) throws -> Bool {
    guard has(key) else { return usual }
    guard let bool = value[key]?.bool else { throw wrong(key, "true or false") }
    return bool
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let number = value[key]?.integer, range.contains(number) else {
      throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func integer(_ key: String, default usual: Int, in range: ClosedRange<Int>) throws -> Int {
    has(key) ? try integer(key, in: range) : usual
  }

  func scalar(_ key: String, default usual: UInt32? = nil) throws -> UInt32 {
    if let usual, !has(key) { return usual }
    let scalars = UTF8Text.scalars(try string(key))
    guard scalars.count == 1 else { throw wrong(key, "one character") }
    return scalars[0]
  }

  func array(_ key: String) throws -> [JSONValue] {
    guard let array = value[key]?.array else { throw wrong(key, "a list") }
    return array
  }

  /// A token with its id: `["[SEP]", 102]`.
  func tokenAndID(_ key: String) throws -> (id: Int, name: String) {
    guard let name = value[key]?[0]?.string, let id = value[key]?[1]?.integer,
      (0..<Vocabulary.idLimit).contains(id)
    else { throw wrong(key, "a token and its id") }
    return (id, name)
  }

  /// `{"String": "…"}` or `{"Regex": "…"}`.
  func finder(_ key: String) throws -> Finder {
    if let text = value[key]?["String"]?.string { return .text(Array(text.utf8)) }
    if let text = value[key]?.string { return .text(Array(text.utf8)) }
    guard let pattern = value[key]?["Regex"]?.string else {
      throw wrong(key, "a text or a regular expression")
    }
    return try naming(path) { .pattern(try Pattern(pattern)) }
  }

  /// The components of a sequence.
  func parts(_ key: String) throws -> [Settings] {
    try array(key).enumerated().map { Settings(value: $1, path: "\(path).\(key)[\($0)]") }
  }

  func has(_ key: String) -> Bool { value[key].map { !$0.isNull } ?? false }

  func unsupported(_ type: String) -> DataError {
    DataError(.unsupported, "the type '\(type)'", subject: path)
  }

  /// Sequences in sequences go only so deep.
  func checkDepth() throws {
    guard path.utf8.count < 1000 else {
      throw DataError(.limitExceeded, "sequences nested too deep", subject: path)
    }
  }
}
