import BinaryIO
import JSON

/// A `tokenizer.json` as it is read: the lists of the model apart from the rest.
struct TokenizerFile {
  /// The document with its long lists replaced by null.
  var document: JSONValue
  var vocabulary = Vocabulary()
  /// Of a Unigram model, by id.
  var scores: [Double] = []
  var merges = MergeList()

  init(_ bytes: Bytes) throws {
    let text = bytes.array
    guard TokenizerFile.isUTF8(bytes) else {
      throw DataError(.malformed, "text that is not UTF-8")
    }
    var scanner = JSONScanner(text)
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.at = 3 }
    guard scanner.peek() == UInt8(ascii: "{") else {
      throw DataError(.malformed, "no tokenizer.json", expected: "a JSON object")
    }
    document = .null
    var cuts: [Range<Int>] = []
    var this = self
    try scanner.object { scanner, key in
      guard key == Array("model".utf8), scanner.peek() == UInt8(ascii: "{") else {
        return try scanner.skipValue()
      }
      try scanner.object { scanner, key in
        scanner.skipSpace()
        let start = scanner.at
        switch (UTF8Text.string(key), scanner.peek()) {
        case ("vocab", UInt8(ascii: "{")), ("vocab", UInt8(ascii: "[")):
          try naming("model.vocab") { try this.readVocabulary(&scanner) }
        case ("merges", UInt8(ascii: "[")):
          try naming("model.merges") { try this.merges.read(&scanner) }
        default: return try scanner.skipValue()
        }
        cuts.append(start..<scanner.at)
      }
    }
    var rest: [UInt8] = []
    var last = 0
    for cut in cuts {
      rest += text[last..<cut.lowerBound]
      rest += "null".utf8
      last = cut.upperBound
    }
    rest += text[last...]
    this.document = try JSONValue(parsing: Bytes(rest))
    self = this
  }

  /// A `vocab.json`.
  static func vocabulary(_ bytes: Bytes) throws -> Vocabulary {
    guard isUTF8(bytes) else { throw DataError(.malformed, "text that is not UTF-8") }
    var scanner = JSONScanner(bytes.array)
    var vocabulary = Vocabulary()
    try scanner.object { scanner, key in
      try vocabulary.insert(key, id: try scanner.integer())
    }
    return vocabulary
  }

  private static func isUTF8(_ bytes: Bytes) -> Bool { (try? bytes.utf8()) != nil }

  private mutating func readVocabulary(_ scanner: inout JSONScanner) throws {
    vocabulary = Vocabulary()
    vocabulary.reserve(scanner.text.count / 40, bytes: scanner.text.count / 4)
    var token: [UInt8] = []
    if scanner.peek() == UInt8(ascii: "{") {
      return try scanner.object { scanner, key in
        try vocabulary.insert(key, id: try scanner.integer())
      }
    }
    scores = []
    try scanner.array { scanner in
      try scanner.expect("[")
      token.removeAll(keepingCapacity: true)
      try scanner.string(into: &token)
      try scanner.expect(",")
      scores.append(try scanner.double())
      try scanner.expect("]")
      try vocabulary.insert(token, id: scores.count - 1)
    }
  }
}

/// The merges of a file: the bytes of both halves of each.
struct MergeList: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [UInt32] = []

  var count: Int { ends.count / 2 }

  mutating func append(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) {
    bytes += left
    ends.append(UInt32(truncatingIfNeeded: bytes.count))
    bytes += right
    ends.append(UInt32(truncatingIfNeeded: bytes.count))
  }

  /// Reads `["a b", …]` or `[["a", "b"], …]`.
  mutating func read(_ scanner: inout JSONScanner) throws {
    try scanner.array { scanner in
      if scanner.take("[") {
        try scanner.string(into: &bytes)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
        try scanner.expect(",")
        try scanner.string(into: &bytes)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
        try scanner.expect("]")
      } else {
        let start = bytes.count
        try scanner.string(into: &bytes)
        try splitLast(from: start)
      }
    }
  }

  /// Takes a line such as `a b`.
  mutating func append(line: some Sequence<UInt8>) throws {
    let start = bytes.count
    bytes += line
    try splitLast(from: start)
  }

  private mutating func splitLast(from start: Int) throws {
    let line = bytes[start...]
    if line.starts(with: "#version".utf8) { return bytes.removeSubrange(start...) }
    guard let space = line.firstIndex(of: 0x20),
      !line[(space + 1)...].contains(0x20)
    else {
      throw DataError(
        .malformed, "merge \(count) is '\(UTF8Text.string(line.prefix(60)))'",
        expected: "two tokens with a space between")
    }
    bytes.remove(at: space)
    ends.append(UInt32(truncatingIfNeeded: space))
    ends.append(UInt32(truncatingIfNeeded: bytes.count))
  }

  /// The merges by the ids of `vocabulary`.
  /// - Throws: `.malformed` naming the merge whose parts or result are no tokens.
  func table(_ vocabulary: Vocabulary, prefix: String) throws -> PairTable {
    var table = PairTable(capacity: count)
    let prefix = prefix.utf8.count
    var start = 0
    var joined: [UInt8] = []
    for rank in 0..<count {
      let left = start..<Int(ends[rank * 2])
      let right = left.upperBound..<Int(ends[rank * 2 + 1])
      start = right.upperBound
      guard let a = vocabulary.id(of: bytes, left) else { throw missing(rank, bytes[left]) }
      guard let b = vocabulary.id(of: bytes, right) else { throw missing(rank, bytes[right]) }
      let new: Int?
      if prefix == 0 {
        new = vocabulary.id(of: bytes, left.lowerBound..<right.upperBound)
      } else {
        joined.removeAll(keepingCapacity: true)
        joined += bytes[left]
        joined += bytes[right].dropFirst(prefix)
        new = vocabulary.id(of: joined)
      }
      guard let new else { throw missing(rank, bytes[left.lowerBound..<right.upperBound]) }
      table.insert(UInt32(a), UInt32(b), rank: rank, becomes: UInt32(new))
    }
    return table
  }

  private func missing(_ rank: Int, _ token: ArraySlice<UInt8>) -> DataError {
    DataError(
      .malformed, "merge \(rank) needs '\(UTF8Text.string(token.prefix(60)))'",
      expected: "a token of the vocabulary", subject: "model.merges")
  }
}
