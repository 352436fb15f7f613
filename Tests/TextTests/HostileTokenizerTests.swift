import BinaryIO
import Testing

@testable import Text

/// Strangers' tokenizer files are refused by name, and never hang or trap.
@Suite struct HostileTokenizerTests {
  static func load(_ json: String) throws -> Tokenizer { try Tokenizer(json: Bytes(json.utf8)) }

  static let model = #""model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}"#

  @Test(arguments: [
    (#"{}"#, DataError.Code.malformed, "no 'model'"),
    (#"[1]"#, .malformed, "no tokenizer.json"),
    (#"{"model": {"type": "BPE"}}"#, .malformed, "no 'vocab'"),
    (#"{"model": {"type": "Magic", "vocab": {}}}"#, .unsupported, "'Magic'"),
    (#"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#, .malformed, "merges"),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#, .malformed,
      "merge 0 needs 'b'"
    ),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}"#, .malformed,
      "two tokens with a space"
    ),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}}"#, .limitExceeded,
      "has the id"
    ),
    (#"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#, .malformed, "'-1'"),
    (#"{"model": {"type": "BPE", "vocab": {"a": 1"#, .malformed, "number"),
    (#"{"model": {"type": "Unigram", "vocab": [["a", "b"]]}}"#, .malformed, "no number"),
    (#"{"model": {"type": "Unigram", "vocab": [["a", 1]], "unk_id": 7}}"#, .malformed, "unk_id"),
    (#"{"normalizer": {"type": "Odd"}, \#(model)}"#, .unsupported, "'Odd'"),
    (#"{"pre_tokenizer": {}, \#(model)}"#, .malformed, "no 'type'"),
    (
      #"{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Removed"}, \#(model)}"#,
      .malformed, "does not end"
    ),
    (
      #"{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a)\\1"}, "behavior": "Removed"}, \#(model)}"#,
      .unsupported, "pattern"
    ),
    (
      #"{"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "pair": []}, \#(model)}"#,
      .malformed, "special token 'x'"
    ),
    (
      #"{"normalizer": {"type": "Precompiled", "precompiled_charsmap": "////////"}, \#(model)}"#,
      .malformed, "trie"
    ),
  ])
  func namesWhatIsWrong(json: String, code: DataError.Code, words: String) {
    let error = #expect(throws: DataError.self) { try HostileTokenizerTests.load(json) }
    #expect(error?.code == code)
    #expect(error.map { "\($0)".contains(words) } ?? false, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func boundsPatternsThatExplode() throws {
    let tokenizer = try HostileTokenizerTests.load(
      #"{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+b"}, "behavior": "Removed"}, \#(HostileTokenizerTests.model)}"#
    )
    let error = #expect(throws: DataError.self) {
      try tokenizer.encode(String(repeating: "a", count: 60))
    }
    #expect(error?.code == .limitExceeded)
  }

  @Test(arguments: ["{1000}{1000}{1000}", String(repeating: "(", count: 5000)])
  func boundsPatternsThatAreHuge(pattern: String) {
    #expect(throws: DataError.self) { try Pattern("a" + pattern) }
  }

  @Test func boundsSequencesInSequences() {
    let deep =
      String(repeating: #"{"type": "Sequence", "normalizers": ["#, count: 90) + #"{"type": "NFC"}"#
      + String(repeating: "]}", count: 90)
    #expect(throws: DataError.self) {
      try HostileTokenizerTests.load(#"{"normalizer": \#(deep), \#(HostileTokenizerTests.model)}"#)
    }
  }

  @Test func needsTheUnknownTokenOnlyWhereATextDoes() throws {
    let tokenizer = try HostileTokenizerTests.load(
      #"{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "?"}}"#)
    #expect(try tokenizer.encode("a").ids == [0])
    #expect(throws: DataError.self) { try tokenizer.encode("b") }
  }
}
