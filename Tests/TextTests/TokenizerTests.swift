import BinaryIO
import JSON
import TestSupport
import Testing

@testable import Text

/// Tokenizers trained by the `tokenizers` library, and what it makes of tricky lines.
@Suite struct TokenizerTests {
  static let names = [
    "bert", "bert-cased", "bpe-prefix", "byte-normalizer", "clip", "deepseek", "gpt2", "llama2",
    "llama3", "no-unknown", "o200k", "qwen2", "roberta", "unigram", "unigram-first", "word-level",
  ]

  static func load(_ name: String) throws -> Tokenizer {
    try Tokenizer(json: try Fixtures.bytes("tokenizers/\(name).json"))
  }

  static func lines() throws -> [String] {
    try JSONValue(parsing: try Fixtures.bytes("tokenizers/lines.json")).array?
      .compactMap(\.string) ?? []
  }

  @Test(arguments: names) func matchesTheLibrary(name: String) throws {
    let tokenizer = try TokenizerTests.load(name)
    let gold = try JSONValue(parsing: try Fixtures.bytes("tokenizers/\(name).gold.json"))
    let expected = try #require(gold["lines"]?.array)
    let lines = try TokenizerTests.lines()
    #expect(tokenizer.vocabularySize == gold["size"]?.integer)
    try #require(lines.count == expected.count && lines.count > 100)
    for (line, row) in zip(lines, expected) {
      let encoding = try tokenizer.encode(line)
      #expect(encoding.ids == row[0]?.integers, "\(line)")
      #expect(encoding.tokens == row[1]?.array?.map(\.string), "\(line)")
      let offsets = encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] }
      #expect(offsets == row[2]?.integers, "\(line)")
      #expect(try tokenizer.decode(encoding.ids) == row[3]?.string)
      #expect(try tokenizer.decode(encoding.ids, skipSpecialTokens: false) == row[4]?.string)
    }
  }

  /// The library's own answers: its table of scripts has these otherwise than its expressions do.
  @Test(arguments: [
    ("\u{2748}\u{61C}", 1), ("\u{627}\u{61C}", 2), ("\u{2748}\u{589}", 1),
    ("\u{915}\u{953}", 1), ("\u{301}\u{954}", 2), ("\u{3042}\u{30FC}", 1),
    ("x\u{F588}\u{627}", 2), ("x\u{F588}", 1),
  ])
  func cutsAtTheLibrarysScripts(text: String, pieces: Int) throws {
    let tokenizer = try Tokenizer(
      json: Bytes(
        #"""
        {"model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
         "pre_tokenizer": {"type": "UnicodeScripts"}}
        """#.utf8))
    #expect(try tokenizer.encode(text).count == pieces)
  }

  @Test(arguments: names) func framesPairsAsTheLibraryDoes(name: String) throws {
    let tokenizer = try TokenizerTests.load(name)
    let gold = try JSONValue(parsing: try Fixtures.bytes("tokenizers/\(name).gold.json"))["pair"]
    let encoding = try tokenizer.encode("Hello world", pair: "How are you?")
    #expect(encoding.ids == gold?[0]?.integers)
    #expect(encoding.tokens == gold?[1]?.array?.map(\.string))
    #expect(
      encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] } == gold?[2]?.integers)
    #expect(encoding.typeIDs == gold?[3]?.integers)
    #expect(encoding.specialTokensMask == gold?[4]?.integers)
    #expect(encoding.attentionMask == [Int](repeating: 1, count: encoding.count))
  }

  @Test(arguments: names) func streamsWhatDecodingGives(name: String) throws {
    let tokenizer = try TokenizerTests.load(name)
    for line in try TokenizerTests.lines().prefix(60) {
      let ids = try tokenizer.encode(line, addSpecialTokens: false).ids
      var decoder = IncrementalDecoder(tokenizer)
      var text = ""
      for id in ids { text += try decoder.append(id) }
      text += try decoder.finish()
      #expect(Array(text.unicodeScalars) == Array(try tokenizer.decode(ids).unicodeScalars))
    }
  }
}
