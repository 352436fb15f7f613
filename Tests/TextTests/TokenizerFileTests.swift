import BinaryIO
import JSON
import TestSupport
import Testing

@testable import Text

/// The files that are no `tokenizer.json`: they give the tokenizer that the library makes of them.
@Suite struct TokenizerFileTests {
  @Test(arguments: ["unigram", "bpe"]) func readsSentencePieceModels(kind: String) throws {
    let model = try Fixtures.bytes("tokenizers/\(kind).model")
    let tokenizer = try Tokenizer { $0 == "tokenizer.model" ? model : nil }
    let gold = try JSONValue(parsing: try Fixtures.bytes("tokenizers/\(kind).model.gold.json"))
    let cases = try #require(gold.array)
    try #require(cases.count > 100)
    for one in cases {
      let text = try #require(one[0]?.string)
      #expect(
        try tokenizer.encode(text, addSpecialTokens: false).ids == one[1]?.integers, "\(text)")
    }
    #expect(tokenizer.specials.bos == 1 && tokenizer.specials.unknown == 0)
  }

  @Test func readsVocabularyLists() throws {
    let file = try Fixtures.bytes("tokenizers/bert.json")
    let vocabulary = try #require(try JSONValue(parsing: file)["model"]?["vocab"]?.object)
    let lines = vocabulary.sorted { ($0.value.integer ?? 0) < ($1.value.integer ?? 0) }.map(\.key)
    let text = Bytes((lines.joined(separator: "\n") + "\n").utf8)
    let tokenizer = try Tokenizer { $0 == "vocab.txt" ? text : nil }
    let original = try Tokenizer(json: file)
    for line in try TokenizerTests.lines() {
      #expect(try tokenizer.encode(line).ids == original.encode(line).ids, "\(line)")
    }
    #expect(tokenizer.specials.mask == 4 && tokenizer.specials.pad == 0)
    let config = Bytes(#"{"do_lower_case": false}"#.utf8)
    let cased = try Tokenizer {
      $0 == "vocab.txt" ? text : $0 == "tokenizer_config.json" ? config : nil
    }
    #expect(try cased.encode("ABC", addSpecialTokens: false).tokens != ["abc"])
  }

  @Test(arguments: ["gpt2", "roberta"]) func readsVocabularyAndMerges(name: String) throws {
    let file = try Fixtures.bytes("tokenizers/\(name).json")
    let model = try #require(try JSONValue(parsing: file)["model"])
    let vocabulary = Bytes(try #require(model["vocab"]).text().utf8)
    let merges = try #require(model["merges"]?.array).map { merge in
      merge.string ?? "\(merge[0]?.string ?? "") \(merge[1]?.string ?? "")"
    }
    let list = Bytes(("#version: 0.2\n" + merges.joined(separator: "\n") + "\n").utf8)
    let config = Bytes(#"{"add_prefix_space": \#(name == "roberta")}"#.utf8)
    let tokenizer = try Tokenizer {
      switch $0 {
      case "vocab.json": vocabulary
      case "merges.txt": list
      case "tokenizer_config.json": config
      default: nil
      }
    }
    let original = try Tokenizer(json: file)
    for line in try TokenizerTests.lines() {
      let (ours, theirs) = (try tokenizer.encode(line), try original.encode(line))
      #expect(ours.ids == theirs.ids, "\(line)")
      #expect(ours.offsets == theirs.offsets, "\(line)")
    }
  }

  @Test func truncatesAndPadsAsTheLibraryDoes() throws {
    let cases = try #require(
      try JSONValue(parsing: try Fixtures.bytes("tokenizers/limits.json")).array)
    try #require(cases.count > 20)
    for one in cases {
      let tokenizer = try TokenizerTests.load(one["tokenizer"]?.string ?? "")
      let texts = one["texts"]?.array?.compactMap(\.string) ?? []
      let side = try #require(Truncation.Side(rawValue: one["side"]?.string ?? ""))
      if let batch = one["batch"]?.array {
        let padding = Padding(
          length: one["length"]?.integer, multiple: one["multiple"]?.integer, side: side, typeID: 1)
        let encodings = try tokenizer.encode(batch: texts, padding: padding)
        for (encoding, row) in zip(encodings, batch) {
          #expect(encoding.ids == row[0]?.integers)
          #expect(encoding.attentionMask == row[1]?.integers)
          #expect(encoding.typeIDs == row[2]?.integers)
          #expect(encoding.specialTokensMask == row[3]?.integers)
        }
        continue
      }
      let strategy = try #require(
        Truncation.Strategy(rawValue: one["strategy"]?.string ?? ""))
      let truncation = Truncation(
        maximumLength: one["length"]?.integer ?? 0, stride: one["stride"]?.integer ?? 0,
        strategy: strategy, side: side)
      let pair = texts.count > 1 ? texts[1] : nil
      let encoding = try tokenizer.encode(texts[0], pair: pair, truncation: truncation)
      #expect(encoding.ids == one["ids"]?.integers, "\(one.text().prefix(200))")
      if pair == nil {
        #expect(
          encoding.overflowing.map(\.ids)
            == one["overflowing"]?.array?.compactMap(\.integers))
      }
    }
  }

  @Test func saysThatThereIsNoTokenizer() {
    let error = #expect(throws: DataError.self) { try Tokenizer { _ in nil } }
    #expect(error?.code == .notFound)
  }
}
