import BinaryIO
import Formats
import JSON
import OrderedCollections

/// `tokenizer.json` and `tokenizer_config.json` from the tokenizer that a GGUF file carries.
struct TokenizerWriting {
  let vocabulary: GGUFVocabulary

  /// Why there is no `tokenizer.json` for it; nil when there is one.
  var obstacle: String? {
    switch vocabulary.model {
    case "gpt2":
      PreTokenizers.description(vocabulary.pre) == nil
        ? "its tokenizer cuts text as '\(vocabulary.pre ?? "")', which is not known here" : nil
    case "llama", "bert", "t5": nil
    default: "its tokenizer is of the kind '\(vocabulary.model)', which is not known here"
    }
  }

  /// - Throws: `.unsupported` for a kind that is not known.
  func tokenizer() throws -> JSONValue {
    if let obstacle { throw DataError(.unsupported, obstacle) }
    var parts: OrderedDictionary<String, JSONValue> = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": addedTokens,
    ]
    switch vocabulary.model {
    case "gpt2": byteLevel(&parts)
    case "llama": sentencePiece(&parts)
    case "bert": wordPiece(&parts)
    default: unigram(&parts)
    }
    return .object(parts)
  }

  private func kind(_ id: Int) -> Int {
    vocabulary.kinds.isEmpty ? GGUFVocabulary.Kind.normal : vocabulary.kinds[id]
  }

  private var addedTokens: JSONValue {
    .array(
      vocabulary.tokens.indices.compactMap { id in
        let isNamed = vocabulary.model == "bert" && vocabulary.special.values.contains(id)
        let kind = self.kind(id)
        let isControl =
          kind == GGUFVocabulary.Kind.control || kind == GGUFVocabulary.Kind.unknown || isNamed
        guard isControl || kind == GGUFVocabulary.Kind.userDefined else { return nil }
        return [
          "id": .integer(id), "content": .string(vocabulary.tokens[id]), "single_word": false,
          "lstrip": false, "rstrip": false, "normalized": false, "special": .bool(isControl),
        ]
      })
  }

  /// The ids of tokens; the first of those that are written alike.
  private func ids(_ tokens: [String]) -> JSONValue {
    .object(
      OrderedDictionary(
        tokens.enumerated().map { ($1, .integer($0)) }, uniquingKeysWith: { first, _ in first }))
  }

  private func byteLevel(_ parts: inout OrderedDictionary<String, JSONValue>) {
    let isQwen = vocabulary.pre == "qwen2"
    parts["normalizer"] = isQwen ? ["type": "NFC"] : nil
    parts["pre_tokenizer"] = PreTokenizers.description(vocabulary.pre)
    let bytes: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true,
    ]
    parts["post_processor"] =
      template(begins: vocabulary.addsBeginning ?? (vocabulary.pre == "llama-bpe")) ?? bytes
    parts["decoder"] = bytes
    parts["model"] = [
      "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
      "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
      "ignore_merges": .bool(vocabulary.pre == "llama-bpe"), "vocab": ids(vocabulary.tokens),
      "merges": .array(vocabulary.merges.map { .string($0) }),
    ]
  }

  private func sentencePiece(_ parts: inout OrderedDictionary<String, JSONValue>) {
    let mark: JSONValue = "▁"
    let replacement: JSONValue = ["type": "Replace", "pattern": ["String": " "], "content": mark]
    let hasPrefix = vocabulary.addsSpacePrefix ?? true
    parts["normalizer"] =
      hasPrefix
      ? ["type": "Sequence", "normalizers": [["type": "Prepend", "prepend": mark], replacement]]
      : replacement
    parts["pre_tokenizer"] = .null
    parts["post_processor"] = template(begins: vocabulary.addsBeginning ?? true) ?? .null
    var decoders: [JSONValue] = [
      ["type": "Replace", "pattern": ["String": mark], "content": " "],
      ["type": "ByteFallback"], ["type": "Fuse"],
    ]
    if hasPrefix {
      decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0])
    }
    parts["decoder"] = ["type": "Sequence", "decoders": .array(decoders)]
    let merges =
      vocabulary.merges.isEmpty
      ? SentencePieceMerges.merges(
        tokens: vocabulary.tokens, scores: vocabulary.scores, kinds: vocabulary.kinds
      ).map { JSONValue.array([.string($0), .string($1)]) }
      : vocabulary.merges.map { .string($0) }
    parts["model"] = [
      "type": "BPE", "dropout": nil, "unk_token": token("unknown"),
      "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": true,
      "byte_fallback": true, "ignore_merges": false, "vocab": ids(vocabulary.tokens),
      "merges": .array(merges),
    ]
  }

  private func wordPiece(_ parts: inout OrderedDictionary<String, JSONValue>) {
    parts["normalizer"] = [
      "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
      "strip_accents": nil, "lowercase": true,
    ]
    parts["pre_tokenizer"] = ["type": "BertPreTokenizer"]
    if let cls = vocabulary.special["cls"] ?? vocabulary.special["bos"],
      let separator = vocabulary.special["seperator"] ?? vocabulary.special["eos"]
    {
      parts["post_processor"] = [
        "type": "BertProcessing",
        "sep": [.string(vocabulary.tokens[separator]), .integer(separator)],
        "cls": [.string(vocabulary.tokens[cls]), .integer(cls)],
      ]
    } else {
      parts["post_processor"] = .null
    }
    parts["decoder"] = ["type": "WordPiece", "prefix": "##", "cleanup": true]
    parts["model"] = [
      "type": "WordPiece", "unk_token": token("unknown"), "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 100,
      "vocab": ids(vocabulary.tokens.map(TokenizerWriting.wordPiece)),
    ]
  }

  /// llama.cpp marks where words begin, WordPiece where they go on.
  static func wordPiece(_ token: String) -> String {
    if token.hasPrefix("▁") { return String(token.unicodeScalars.dropFirst()) }
    return token.hasPrefix("[") && token.hasSuffix("]") ? token : "##" + token
  }

  private func unigram(_ parts: inout OrderedDictionary<String, JSONValue>) {
    parts["normalizer"] =
      vocabulary.charactersMap.isEmpty
      ? .null
      : [
        "type": "Precompiled",
        "precompiled_charsmap": .string(Base64.text(vocabulary.charactersMap)),
      ]
    let words: JSONValue = [
      "type": "Metaspace", "replacement": "▁",
      "prepend_scheme": vocabulary.addsSpacePrefix ?? true ? "always" : "never", "split": true,
    ]
    parts["pre_tokenizer"] = words
    parts["post_processor"] =
      template(begins: vocabulary.addsBeginning ?? false, ends: vocabulary.addsEnd ?? true)
      ?? .null
    parts["decoder"] = words
    let pieces = vocabulary.tokens.enumerated().map { id, token -> JSONValue in
      let score = vocabulary.scores.isEmpty ? 0 : vocabulary.scores[id]
      return [.string(token), .number(Double("\(score)") ?? Double(score))]
    }
    parts["model"] = [
      "type": "Unigram", "unk_id": vocabulary.special["unknown"].map { .integer($0) } ?? nil,
      "vocab": .array(pieces), "byte_fallback": false,
    ]
  }

  private func token(_ name: String) -> JSONValue {
    vocabulary.special[name].map { .string(vocabulary.tokens[$0]) } ?? .null
  }

  /// Special tokens around a text, and around two; nil when there are none.
  private func template(begins: Bool, ends: Bool? = nil) -> JSONValue? {
    let first = begins ? vocabulary.special["bos"] : nil
    let last = ends ?? vocabulary.addsEnd ?? false ? vocabulary.special["eos"] : nil
    guard first != nil || last != nil else { return nil }
    func special(_ id: Int?, _ type: Int) -> [JSONValue] {
      id.map {
        [["SpecialToken": ["id": .string(vocabulary.tokens[$0]), "type_id": .integer(type)]]]
      } ?? []
    }
    func around(_ name: String, _ type: Int) -> [JSONValue] {
      special(first, type) + [["Sequence": ["id": .string(name), "type_id": .integer(type)]]]
        + special(last, type)
    }
    let ids = [first, last].compactMap { $0 }
    let specials = ids.map { id -> (String, JSONValue) in
      let text = vocabulary.tokens[id]
      return (
        text, ["id": .string(text), "ids": [.integer(id)], "tokens": [.string(text)]]
      )
    }
    return [
      "type": "TemplateProcessing", "single": .array(around("A", 0)),
      "pair": .array(around("A", 0) + around("B", 1)),
      "special_tokens": .object(
        OrderedDictionary(specials, uniquingKeysWith: { first, _ in first })),
    ]
  }
}

extension TokenizerWriting {
  /// `tokenizer_config.json`: special tokens by name, and the template of conversations.
  func configuration(contextLength: Int?) -> JSONValue {
    var config: OrderedDictionary<String, JSONValue> = [:]
    if vocabulary.model != "bert" {
      config["add_bos_token"] = .bool(vocabulary.addsBeginning ?? (vocabulary.model == "llama"))
    }
    for (name, key) in TokenizerWriting.names where vocabulary.special[name] != nil {
      config[key] = token(name)
    }
    config["clean_up_tokenization_spaces"] = false
    if let contextLength { config["model_max_length"] = .integer(contextLength) }
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    if let template = vocabulary.chatTemplate { config["chat_template"] = .string(template) }
    return .object(config)
  }

  /// The names of special tokens in GGUF's keys and in `tokenizer_config.json`.
  static let names: [(gguf: String, key: String)] = [
    ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"),
    ("padding", "pad_token"), ("cls", "cls_token"), ("seperator", "sep_token"),
    ("mask", "mask_token"),
  ]
}
