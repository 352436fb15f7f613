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

  /// The text of `tokenizer.json`. Its tables are written straight away: as values they would take longer than all the rest.
  /// - Throws: `.unsupported` for a kind that is not known.
  func tokenizer() throws -> [UInt8] {
    if let obstacle { throw DataError(.unsupported, obstacle) }
    var parts: OrderedDictionary<String, JSONValue> = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": addedTokens,
    ]
    let model =
      switch vocabulary.model {
      case "gpt2": byteLevel(&parts)
      case "llama": sentencePiece(&parts)
      case "bert": wordPiece(&parts)
      default: unigram(&parts)
      }
    var text = Array(JSONValue.object(parts).text().utf8.dropLast())
    text +=
      Array(#","model":"#.utf8) + Array(JSONValue.object(model.settings).text().utf8.dropLast())
    text += Array(#","vocab":"#.utf8)
    text += model.tables
    text += Array("}}\n".utf8)
    return text
  }

  /// The settings of a model, and its vocabulary with what follows it, as text.
  private typealias Model = (settings: OrderedDictionary<String, JSONValue>, tables: [UInt8])

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

  /// The ids of tokens.
  private func ids(_ tokens: [String]) -> [UInt8] {
    var text: [UInt8] = [UInt8(ascii: "{")]
    for (id, token) in tokens.enumerated() {
      if id > 0 { text.append(UInt8(ascii: ",")) }
      TokenizerWriting.append(token, to: &text)
      text.append(UInt8(ascii: ":"))
      text += String(id).utf8
    }
    text.append(UInt8(ascii: "}"))
    return text
  }

  private func merges(_ merges: [String]) -> [UInt8] {
    var text = Array(#","merges":["#.utf8)
    for (rank, merge) in merges.enumerated() {
      if rank > 0 { text.append(UInt8(ascii: ",")) }
      TokenizerWriting.append(merge, to: &text)
    }
    text.append(UInt8(ascii: "]"))
    return text
  }

  /// A text with quotes around it.
  private static func append(_ string: String, to text: inout [UInt8]) {
    let isPlain = string.utf8.allSatisfy {
      $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    guard isPlain else {
      text += JSONValue.string(string).text().utf8
      return
    }
    text.append(UInt8(ascii: "\""))
    text += string.utf8
    text.append(UInt8(ascii: "\""))
  }

  private func byteLevel(_ parts: inout OrderedDictionary<String, JSONValue>) -> Model {
    let isQwen = vocabulary.pre == "qwen2"
    parts["normalizer"] = isQwen ? ["type": "NFC"] : nil
    parts["pre_tokenizer"] = PreTokenizers.description(
      vocabulary.pre, addsSpace: vocabulary.addsSpacePrefix ?? false)
    let bytes: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true,
    ]
    parts["post_processor"] =
      roberta ?? template(begins: vocabulary.addsBeginning ?? (vocabulary.pre == "llama-bpe"))
      ?? bytes
    parts["decoder"] = bytes
    let settings: OrderedDictionary<String, JSONValue> = [
      "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
      "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
      "ignore_merges": .bool(vocabulary.pre == "llama-bpe"),
    ]
    return (settings, ids(vocabulary.tokens) + merges(vocabulary.merges))
  }

  /// RoBERTa's frame of a text; nil for others.
  private var roberta: JSONValue? {
    guard vocabulary.pre == "roberta-bpe",
      let begin = vocabulary.special["bos"] ?? vocabulary.special["cls"],
      let end = vocabulary.special["eos"] ?? vocabulary.special["seperator"]
    else { return nil }
    return [
      "type": "RobertaProcessing",
      "sep": [.string(vocabulary.tokens[end]), .integer(end)],
      "cls": [.string(vocabulary.tokens[begin]), .integer(begin)],
      "trim_offsets": true,
      "add_prefix_space": .bool(vocabulary.addsSpacePrefix ?? false),
    ]
  }

  private func sentencePiece(_ parts: inout OrderedDictionary<String, JSONValue>) -> Model {
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
    let settings: OrderedDictionary<String, JSONValue> = [
      "type": "BPE", "dropout": nil, "unk_token": token("unknown"),
      "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": true,
      "byte_fallback": true, "ignore_merges": false,
    ]
    let pairs =
      vocabulary.merges.isEmpty
      ? SentencePieceMerges.merges(
        tokens: vocabulary.tokens, scores: vocabulary.scores, kinds: vocabulary.kinds
      ).map { "\($0) \($1)" } : vocabulary.merges
    return (settings, ids(vocabulary.tokens) + merges(pairs))
  }

  private func wordPiece(_ parts: inout OrderedDictionary<String, JSONValue>) -> Model {
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
    let settings: OrderedDictionary<String, JSONValue> = [
      "type": "WordPiece", "unk_token": token("unknown"), "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 100,
    ]
    return (settings, ids(vocabulary.tokens.map(TokenizerWriting.wordPiece)))
  }

  /// llama.cpp marks where words begin, WordPiece where they go on.
  static func wordPiece(_ token: String) -> String {
    if token.hasPrefix("▁") { return String(token.unicodeScalars.dropFirst()) }
    return token.hasPrefix("[") && token.hasSuffix("]") ? token : "##" + token
  }

  private func unigram(_ parts: inout OrderedDictionary<String, JSONValue>) -> Model {
    var normalizers: [JSONValue] = []
    if !vocabulary.charactersMap.isEmpty {
      normalizers.append([
        "type": "Precompiled",
        "precompiled_charsmap": .string(Base64.text(vocabulary.charactersMap)),
      ])
    }
    if vocabulary.removesExtraWhitespace == true {
      normalizers.append(["type": "Strip", "strip_left": true, "strip_right": true])
      normalizers.append(["type": "Replace", "pattern": ["Regex": " {2,}"], "content": " "])
    }
    parts["normalizer"] =
      normalizers.count < 2
      ? normalizers.first ?? .null
      : ["type": "Sequence", "normalizers": .array(normalizers)]
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
    let settings: OrderedDictionary<String, JSONValue> = [
      "type": "Unigram", "unk_id": vocabulary.special["unknown"].map { .integer($0) } ?? nil,
      "byte_fallback": false,
    ]
    return (settings, Array(JSONValue.array(pieces).text().utf8))
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
      // WordPiece has no token that begins a text but the one that stands for it
      if vocabulary.model == "bert", name == "bos" { continue }
      config[key] = token(name)
    }
    config["clean_up_tokenization_spaces"] = false
    if let contextLength { config["model_max_length"] = .integer(contextLength) }
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    config["chat_template"] = templates
    return .object(config)
  }

  /// One template, or several with their names; nil for none.
  private var templates: JSONValue? {
    let usual = vocabulary.chatTemplate
    guard !vocabulary.namedTemplates.isEmpty else { return usual.map { .string($0) } }
    let named = (usual.map { [("default", $0)] } ?? []) + vocabulary.namedTemplates.map { ($0, $1) }
    return .array(named.map { ["name": .string($0), "template": .string($1)] })
  }

  /// The names of special tokens in GGUF's keys and in `tokenizer_config.json`.
  static let names: [(gguf: String, key: String)] = [
    ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"),
    ("padding", "pad_token"), ("cls", "cls_token"), ("seperator", "sep_token"),
    ("mask", "mask_token"),
  ]
}
