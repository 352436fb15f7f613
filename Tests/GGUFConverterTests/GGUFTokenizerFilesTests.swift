import BinaryIO
import Formats
import GGUFConverter
import JSON
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Text

private func bytes(_ text: String) -> Companion { Companion(Bytes(Array(text.utf8))) }

/// A checkpoint of an embedding with these files beside it.
private func checkpoint(
  _ files: [String: Companion], rows: Int, model: String = "llama"
) -> Checkpoint {
  let table = Tensor(shape: [rows, 2], [Float](repeating: 1, count: rows * 2))
  var checkpoint = Checkpoint(
    format: "test", tensors: [TensorEntry(name: "token_embd.weight", table)])
  checkpoint.sidecars["config.json"] = ["model_type": .string(model)]
  for (name, file) in files.sorted(by: { $0.key < $1.key }) { checkpoint.companions[name] = file }
  return checkpoint
}

/// The same, and what comes back from GGUF.
private func through(
  _ files: [String: Companion], model: String = "llama"
) throws -> (checkpoint: Checkpoint, vocabulary: GGUFVocabulary) {
  let tokens = try Tokenizer { try files[$0]?.bytes() }.vocabularySize
  let checkpoint = checkpoint(files, rows: tokens, model: model)
  #expect(GGUFFormat().remarks(on: checkpoint) == [])
  let scratch = ScratchDirectory()
  _ = try GGUFFormat().write(checkpoint, to: scratch.file("a.gguf"))
  let back = try GGUFFormat().read(scratch.file("a.gguf"))
  let vocabulary = try #require(try back.ggufVocabulary())
  // Made while the file is there
  let tokenizer = try #require(back.companions["tokenizer.json"]).bytes()
  var kept = back
  kept.companions["tokenizer.json"] = Companion(tokenizer.copied())
  return (kept, vocabulary)
}

private let lines = [
  "hello world", "  two  spaces ", "größe 123", "don't stop", "重み and 🙂", "Ünïcödé", "a",
]

@Suite struct GGUFTokenizerFiles {
  /// The tokenizer in the file cuts as the one beside the weights does.
  private func expectSame(_ files: [String: Companion], _ back: Checkpoint) throws {
    let before = try Tokenizer { try files[$0]?.bytes() }
    let after = try Tokenizer(
      json: try #require(back.companions["tokenizer.json"]).bytes())
    for line in lines {
      let wanted = try before.encode(line, addSpecialTokens: false).ids
      let found = try after.encode(line, addSpecialTokens: false).ids
      #expect(wanted == found, "\(line)")
    }
  }

  @Test(arguments: ["bpe.model", "unigram.model"]) func takesSentencePiece(_ name: String) throws {
    let file = Companion(try Fixtures.bytes("tokenizers/\(name)"))
    let files = ["tokenizer.model": file]
    let (back, vocabulary) = try through(files)
    #expect(vocabulary.model == (name == "bpe.model" ? "llama" : "t5"))
    #expect(vocabulary.scores.count == vocabulary.tokens.count)
    #expect(vocabulary.kinds.contains(GGUFVocabulary.Kind.unknown))
    #expect(vocabulary.special["unknown"] != nil)
    if name == "unigram.model" { #expect(!vocabulary.charactersMap.isEmpty) }
    try expectSame(files, back)
  }

  @Test func templatesKeepTheirNames() throws {
    let settings = """
      {"chat_template": [{"name": "default", "template": "{{ 1 }}"},
        {"name": "tool_use", "template": "{{ 2 }}"}, {"name": "r-a-g", "template": "{{ 3 }}"}]}
      """
    let files = [
      "tokenizer.json": Companion(try Fixtures.bytes("tokenizers/gpt2.json")),
      "tokenizer_config.json": bytes(settings),
      "additional_chat_templates/more.jinja": bytes("{{ 4 }}"),
    ]
    let (back, vocabulary) = try through(files, model: "gpt2")
    #expect(vocabulary.chatTemplate == "{{ 1 }}")
    let named: OrderedDictionary = ["tool_use": "{{ 2 }}", "r_a_g": "{{ 3 }}", "more": "{{ 4 }}"]
    #expect(vocabulary.namedTemplates == named)
    #expect(back.gguf?["tokenizer.chat_template.tool_use"]?.string == "{{ 2 }}")
    #expect(
      try back.gguf?["tokenizer.chat_templates"]?.strings() == ["tool_use", "r_a_g", "more"])
    let written = try JSONValue(
      parsing: try #require(back.companions["tokenizer_config.json"]).bytes())
    #expect(
      written["chat_template"]
        == [
          ["name": "default", "template": "{{ 1 }}"], ["name": "tool_use", "template": "{{ 2 }}"],
          ["name": "r_a_g", "template": "{{ 3 }}"], ["name": "more", "template": "{{ 4 }}"],
        ])
    // Nothing of them is kept a second time
    let kept = back.sidecars["menagerie.json"]?["gguf"]?.object?.keys ?? []
    #expect(!kept.contains { $0.hasPrefix("tokenizer.chat_template") })
  }

  @Test func takesAListOfWords() throws {
    let tokenizer = try JSONValue(parsing: Fixtures.bytes("tokenizers/bert.json"))
    let ids = try #require(tokenizer["model"]?["vocab"]?.object)
    let words = ids.sorted { ($0.value.integer ?? 0) < ($1.value.integer ?? 0) }.map(\.key)
    let files = ["vocab.txt": bytes(words.joined(separator: "\n") + "\n")]
    let (back, vocabulary) = try through(files, model: "bert")
    #expect(vocabulary.model == "bert")
    #expect(vocabulary.tokens.count == words.count)
    let plain = try #require(words.firstIndex { !$0.hasPrefix("##") && !$0.hasPrefix("[") })
    #expect(vocabulary.tokens[plain] == "▁" + words[plain])
    #expect(vocabulary.special["cls"] == words.firstIndex(of: "[CLS]"))
    try expectSame(files, back)
    let whole = ["tokenizer.json": Companion(try Fixtures.bytes("tokenizers/bert.json"))]
    let (same, read) = try through(whole, model: "bert")
    try expectSame(whole, same)
    // The keys that llama.cpp looks at
    #expect(read.special["bos"] == words.firstIndex(of: "[CLS]"))
    #expect(read.special["seperator"] == words.firstIndex(of: "[SEP]"))
  }

  @Test(arguments: ["gpt2", "qwen2", "roberta"]) func takesMerges(_ name: String) throws {
    var limits = JSONValue.Limits()
    limits.refusesDuplicateKeys = false
    let tokenizer = try JSONValue(
      parsing: Fixtures.bytes("tokenizers/\(name).json"), limits: limits)
    let model = try #require(tokenizer["model"])
    let merges = (model["merges"]?.array ?? []).map {
      $0.string ?? "\($0[0]?.string ?? "") \($0[1]?.string ?? "")"
    }
    let files = [
      "vocab.json": bytes(try #require(model["vocab"]).text()),
      "merges.txt": bytes("#version: 0.2\n" + merges.joined(separator: "\n") + "\n"),
      "tokenizer_config.json": bytes(
        #"{"tokenizer_class":"\#(name == "roberta" ? "RobertaTokenizer" : name == "gpt2" ? "GPT2Tokenizer" : "Qwen2Tokenizer")"}"#
      ),
    ]
    let (back, vocabulary) = try through(files, model: name)
    #expect(vocabulary.model == "gpt2")
    #expect(vocabulary.merges.count == merges.count)
    #expect(
      vocabulary.pre == ["gpt2": "gpt-2", "qwen2": "qwen2", "roberta": "roberta-bpe"][name])
    try expectSame(files, back)
    if name == "roberta" {
      #expect(vocabulary.addsBeginning == true)
      #expect(vocabulary.addsEnd == true)
      let framed = try Tokenizer(json: try #require(back.companions["tokenizer.json"]).bytes())
        .encode("hello")
      #expect(framed.tokens.first == "<s>")
      #expect(framed.tokens.last == "</s>")
    }
  }

  /// As Gemma 3's tokens for pictures beside a model of texts alone.
  @Test func addedTokensWithoutRowsAreLeftOut() throws {
    var tokenizer = try JSONValue(parsing: Fixtures.bytes("tokenizers/llama3.json")).object ?? [:]
    let known = try Tokenizer(json: Fixtures.bytes("tokenizers/llama3.json")).vocabularySize
    let added: [JSONValue] = ["<picture>", "<fill>"].enumerated().map { place, text in
      [
        "id": .integer(known + place), "content": .string(text), "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false, "special": true,
      ]
    }
    tokenizer["added_tokens"] = .array((tokenizer["added_tokens"]?.array ?? []) + added)
    let files = [
      "tokenizer.json": bytes(JSONValue.object(tokenizer).text()),
      "tokenizer_config.json": bytes(#"{"pad_token": "<fill>"}"#),
    ]
    let scratch = ScratchDirectory()
    func written(rows: Int) throws -> (GGUFVocabulary, [String]) {
      let checkpoint = checkpoint(files, rows: rows)
      _ = try GGUFFormat().write(checkpoint, to: scratch.file("a.gguf"))
      let back = try GGUFFormat().read(scratch.file("a.gguf"))
      return (
        try #require(try back.ggufVocabulary()),
        GGUFFormat().remarks(on: checkpoint)
      )
    }
    let (whole, nothing) = try written(rows: known + 2)
    #expect(whole.tokens.count == known + 2 && whole.special["padding"] == known + 1)
    #expect(nothing == [])
    let (cut, remarks) = try written(rows: known)
    #expect(cut.tokens == Array(whole.tokens.prefix(known)) && cut.kinds.count == known)
    #expect(cut.special["padding"] == nil)
    #expect(
      remarks == [
        "the embedding has no row for the token '<picture>' and 1 more: they are left out"
      ]
    )
    // Another model's: nothing is cut off that belongs to it
    let (strange, complaint) = try written(rows: known - 10)
    #expect(strange.tokens.count == known + 2)
    #expect(complaint.first?.contains("llama.cpp opens no such file") == true)
  }

  @Test func tellsWhereThereIsNone() throws {
    var checkpoint = checkpoint([:], rows: 1)
    #expect(GGUFFormat().remarks(on: checkpoint).first?.contains("no tokenizer beside") == true)
    checkpoint.companions["tokenizer.json"] = Companion(
      try Fixtures.bytes("tokenizers/word-level.json"))
    #expect(GGUFFormat().remarks(on: checkpoint).first?.contains("tokenizer.json") == true)
  }

  @Test func survivesMutatedFiles() throws {
    var dice = Dice(seed: 5)
    let pieces = try Fixtures.bytes("tokenizers/bpe.model").array
    let table = TensorEntry(name: "token_embd.weight", Tensor(shape: [1, 2], [1, 2] as [Float]))
    let scratch = ScratchDirectory()
    for round in 0..<120 {
      var checkpoint = Checkpoint(format: "test", tensors: [table])
      checkpoint.sidecars["config.json"] = ["model_type": "llama"]
      if round % 2 == 0 {
        checkpoint.companions["tokenizer.model"] = Companion(Bytes(dice.mutation(of: pieces)))
      } else {
        let merges = Array("#version\na b\n ab c\n\r\n".utf8)
        checkpoint.companions["vocab.json"] = bytes(#"{"a":0,"b":1,"ab":2,"c":3,"abc":4}"#)
        checkpoint.companions["merges.txt"] = Companion(Bytes(dice.mutation(of: merges)))
        checkpoint.companions["tokenizer_config.json"] = bytes(
          #"{"added_tokens_decoder":{"99999999999":{"content":"x"},"-3":{"content":"y"}}}"#)
      }
      do { _ = try GGUFFormat().write(checkpoint, to: scratch.file("a.gguf")) } catch is DataError {
      }
    }
  }
}
