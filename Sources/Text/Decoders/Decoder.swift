/// What makes text of tokens again: a chain, whose last result is joined.
protocol Decoder: Sendable {
  func decode(_ tokens: [String]) throws -> [String]
}

struct SequenceDecoder: Decoder {
  let parts: [any Decoder]

  func decode(_ tokens: [String]) throws -> [String] {
    try parts.reduce(tokens) { try $1.decode($0) }
  }
}

struct ByteLevelDecoder: Decoder {
  func decode(_ tokens: [String]) -> [String] {
    var bytes: [UInt8] = []
    for token in tokens { bytes += ByteLevelDecoder.bytes(token) }
    return [UTF8Text.string(bytes)]
  }

  /// The bytes that a token's letters stand for; a token with another letter stands for itself.
  static func bytes(_ token: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in token.unicodeScalars {
      guard let byte = ByteLetters.byte(scalar.value) else { return Array(token.utf8) }
      bytes.append(byte)
    }
    return bytes
  }
}

struct WordPieceDecoder: Decoder {
  let prefix: String
  let cleansUp: Bool

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { i, token in
      var text = token
      if i > 0 {
        text =
          text.unicodeScalars.starts(with: prefix.unicodeScalars)
          ? String(text.unicodeScalars.dropFirst(prefix.unicodeScalars.count)) : " " + text
      }
      return cleansUp ? WordPieceDecoder.cleanUp(text) : text
    }
  }

  /// The library's list of what stood together before.
  static func cleanUp(_ text: String) -> String {
    let rules = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
      (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return rules.reduce(text) { $0.replacing($1.0, by: $1.1) }
  }
}

struct MetaspaceDecoder: Decoder {
  let replacement: Unicode.Scalar
  let prepending: MetaspacePreTokenizer.Prepending

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { i, token in
      var text = String.UnicodeScalarView()
      for scalar in token.unicodeScalars {
        if scalar != replacement {
          text.append(scalar)
        } else if i > 0 || prepending == .never {
          text.append(" ")
        }
      }
      return String(text)
    }
  }
}

/// Words end with a suffix, which becomes a space.
struct SuffixDecoder: Decoder {
  let suffix: String

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { i, token in
      token.replacing(suffix, by: i == tokens.count - 1 ? "" : " ")
    }
  }
}

struct ByteFallbackDecoder: Decoder {
  func decode(_ tokens: [String]) -> [String] {
    var result: [String] = []
    var bytes: [UInt8] = []
    let flush = { (result: inout [String], bytes: inout [UInt8]) in
      if let text = String(validating: bytes, as: UTF8.self) {
        if !bytes.isEmpty { result.append(text) }
      } else {
        result += repeatElement("\u{FFFD}", count: bytes.count)
      }
      bytes = []
    }
    for token in tokens {
      if let byte = ByteFallback.byte(token) {
        bytes.append(byte)
      } else {
        flush(&result, &bytes)
        result.append(token)
      }
    }
    flush(&result, &bytes)
    return result
  }
}

struct FuseDecoder: Decoder {
  func decode(_ tokens: [String]) -> [String] { [tokens.joined()] }
}

struct StripDecoder: Decoder {
  let content: UInt32
  let start: Int
  let stop: Int

  func decode(_ tokens: [String]) -> [String] {
    tokens.map { token in
      let scalars = UTF8Text.scalars(token)
      let leading = scalars.prefix(start).prefix { $0 == content }.count
      let trailing = scalars.reversed().prefix(stop).prefix { $0 == content }.count
      return UTF8Text.string(scalars[leading..<max(leading, scalars.count - trailing)])
    }
  }
}

struct ReplaceDecoder: Decoder {
  let finder: Finder
  let content: String

  func decode(_ tokens: [String]) throws -> [String] {
    var memory = RegexMemory()
    return try tokens.map { token in
      let bytes = Array(token.utf8)
      var result: [UInt8] = []
      var last = 0
      try finder.forEachMatch(in: bytes, 0..<bytes.count, &memory) { range in
        result += bytes[last..<range.lowerBound]
        result += content.utf8
        last = range.upperBound
      }
      result += bytes[last...]
      return UTF8Text.string(result)
    }
  }
}

/// Connectionist temporal classification: repeated tokens are one, padding is nothing.
struct CTCDecoder: Decoder {
  let padToken: String
  let wordDelimiter: String
  let cleansUp: Bool

  func decode(_ tokens: [String]) -> [String] {
    var result: [String] = []
    for (i, token) in tokens.enumerated() where i == 0 || tokens[i - 1] != token {
      var text = token.replacing(padToken, by: "")
      if cleansUp { text = WordPieceDecoder.cleanUp(text).replacing(wordDelimiter, by: " ") }
      if !text.isEmpty { result.append(text) }
    }
    return result
  }
}

extension String {
  /// Every `old`, byte for byte, replaced by `new`.
  func replacing(_ old: String, by new: String) -> String {
    let (bytes, wanted) = (Array(utf8), Array(old.utf8))
    guard let first = wanted.first, bytes.count >= wanted.count else { return self }
    var result: [UInt8] = []
    var at = 0
    while at < bytes.count {
      if bytes[at] == first, at + wanted.count <= bytes.count,
        Hashing.equal(bytes, at, wanted, 0, count: wanted.count)
      {
        result += new.utf8
        at += wanted.count
      } else {
        result.append(bytes[at])
        at += 1
      }
    }
    return UTF8Text.string(result)
  }
}
