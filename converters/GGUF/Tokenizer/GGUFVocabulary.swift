import BinaryIO
import Formats
import JSON
import OrderedCollections

/// The tokenizer that a GGUF file carries, as plain values.
///
/// - Source: `docs/gguf.md` of ggml and the keys of the `gguf` package (`tokenizer.ggml.*`).
public struct GGUFVocabulary: Sendable {
  /// `gpt2`: byte-level BPE. `llama`: SentencePiece's BPE. `bert`: WordPiece. `t5`: Unigram.
  public var model: String
  /// What cuts text before BPE: `gpt-2`, `llama-bpe`, `qwen2`, `smollm` …
  public var pre: String?
  public var tokens: [String]
  /// One a token, or none.
  public var scores: [Float] = []
  /// One of `Kind` a token, or none.
  public var kinds: [Int] = []
  /// Two tokens with a space between them, the first merge first.
  public var merges: [String] = []
  /// Ids of special tokens, by the words of their keys: `bos`, `eos`, `unknown`, `padding`, `cls`, `seperator`, `mask`, `eot`.
  public var special: [String: Int] = [:]
  public var addsBeginning: Bool?
  public var addsEnd: Bool?
  public var addsSpacePrefix: Bool?
  public var removesExtraWhitespace: Bool?
  /// SentencePiece's compiled table of a normalizer.
  public var charactersMap: [UInt8] = []
  public var chatTemplate: String?
  /// Templates for other ends than a plain conversation, by their names: `tool_use`, `rag`.
  public var namedTemplates: OrderedDictionary<String, String> = [:]
  /// Tokens that were added past the embedding's rows, which no GGUF file has.
  var leftOut: [String] = []

  /// What a token is.
  public enum Kind {
    public static let normal = 1
    public static let unknown = 2
    public static let control = 3
    public static let userDefined = 4
    public static let unused = 5
    public static let byte = 6
  }

  init(model: String, tokens: [String]) {
    self.model = model
    self.tokens = tokens
  }
}

extension Checkpoint {
  /// The tokenizer in the GGUF file that this comes from; nil where there is none.
  /// - Throws: `.malformed` for arrays of other types or lengths.
  public func ggufVocabulary() throws -> GGUFVocabulary? { try gguf?.vocabulary() }
}

extension GGUFVocabulary {
  static let templateKey = "tokenizer.chat_template"
  static let templateNamesKey = "tokenizer.chat_templates"
  static let specialNames = [
    "bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "cls", "mask",
  ]
}

extension GGUFMetadata {
  /// The tokenizer; nil where there is none.
  public func vocabulary() throws -> GGUFVocabulary? {
    func value(_ name: String) -> GGUFValue? { self["tokenizer.ggml.\(name)"] }
    func read<T>(_ name: String, _ body: (GGUFValue) throws -> [T]) throws -> [T] {
      try value(name).map { value in try naming("key 'tokenizer.ggml.\(name)'") { try body(value) }
      }
        ?? []
    }
    guard let model = value("model")?.string, value("tokens") != nil else { return nil }
    var vocabulary = GGUFVocabulary(model: model, tokens: try read("tokens") { try $0.strings() })
    vocabulary.pre = value("pre")?.string
    vocabulary.scores = try read("scores") { try $0.floats() }
    vocabulary.kinds = try read("token_type") { try $0.integers() }
    vocabulary.merges = try read("merges") { try $0.strings() }
    vocabulary.charactersMap = try read("precompiled_charsmap") { value in
      try value.integers().map { UInt8(truncatingIfNeeded: $0) }
    }
    for (name, count) in [
      ("scores", vocabulary.scores.count), ("token_type", vocabulary.kinds.count),
    ] where count != 0 && count != vocabulary.tokens.count {
      throw DataError(
        .malformed, "has \(count) elements", expected: "\(vocabulary.tokens.count), one a token",
        subject: "key 'tokenizer.ggml.\(name)'")
    }
    for name in GGUFVocabulary.specialNames {
      guard let id = value("\(name)_token_id")?.integer else { continue }
      // Files exist that say an id beyond all tokens for one that there is not
      if vocabulary.tokens.indices.contains(id) { vocabulary.special[name] = id }
    }
    vocabulary.addsBeginning = value("add_bos_token")?.bool
    vocabulary.addsEnd = value("add_eos_token")?.bool
    vocabulary.addsSpacePrefix = value("add_space_prefix")?.bool
    vocabulary.removesExtraWhitespace = value("remove_extra_whitespaces")?.bool
    vocabulary.chatTemplate = self[GGUFVocabulary.templateKey]?.string
    for (key, value) in values where key.hasPrefix("\(GGUFVocabulary.templateKey).") {
      let name = String(key.dropFirst(GGUFVocabulary.templateKey.count + 1))
      vocabulary.namedTemplates[name] = value.string
    }
    return vocabulary
  }
}

extension GGUFVocabulary {
  /// Puts the tokenizer under its keys.
  func write(to metadata: inout GGUFMetadata) {
    func put(_ name: String, _ value: GGUFValue?) {
      if let value { metadata["tokenizer.ggml.\(name)"] = value }
    }
    put("model", .string(model))
    put("pre", pre.map { .string($0) })
    put("tokens", .strings(tokens))
    put("scores", scores.isEmpty ? nil : .float32s(scores))
    put("token_type", kinds.isEmpty ? nil : .int32s(kinds.map { Int32(truncatingIfNeeded: $0) }))
    put("merges", merges.isEmpty ? nil : .strings(merges))
    put("precompiled_charsmap", charactersMap.isEmpty ? nil : .uint8s(charactersMap))
    for name in GGUFVocabulary.specialNames {
      let id = special[name].flatMap(UInt32.init(exactly:))
      put("\(name)_token_id", id.map { .uint32($0) })
    }
    put("add_bos_token", addsBeginning.map { .bool($0) })
    put("add_eos_token", addsEnd.map { .bool($0) })
    put("add_space_prefix", addsSpacePrefix.map { .bool($0) })
    put("remove_extra_whitespaces", removesExtraWhitespace.map { .bool($0) })
    if let chatTemplate { metadata[GGUFVocabulary.templateKey] = .string(chatTemplate) }
    guard !namedTemplates.isEmpty else { return }
    for (name, template) in namedTemplates {
      metadata["\(GGUFVocabulary.templateKey).\(name)"] = .string(template)
    }
    metadata[GGUFVocabulary.templateNamesKey] = .strings(Array(namedTemplates.keys))
  }
}
