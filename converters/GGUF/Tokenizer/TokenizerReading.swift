import BinaryIO
import Formats
import JSON
import OrderedCollections
import Text

extension GGUFVocabulary {
  /// The tokenizer of a Hugging Face directory, as llama.cpp wants it; nil where there is none that it knows.
  /// - Throws: `.malformed` when `tokenizer.json` contradicts itself.
  init?(of checkpoint: Checkpoint) throws {
    guard let source = GGUFVocabulary.source(of: checkpoint) else { return nil }
    guard source == "tokenizer.json", let file = checkpoint.companions[source] else {
      try self.init(files: checkpoint, source: source)
      try complete(from: checkpoint)
      return
    }
    let found = try namingFile("tokenizer.json") { () throws -> GGUFVocabulary? in
      let bytes = try file.bytes()
      // Texts that differ in their bytes alone are one key here; the tokens are read by their bytes
      var limits = JSONValue.Limits()
      limits.refusesDuplicateKeys = false
      let tokenizer = try JSONValue(parsing: bytes, limits: limits)
      guard let model = tokenizer["model"] else { return nil }
      return try TokenizerReading(tokenizer, model, try Tokenizer(json: bytes)).vocabulary()
    }
    guard let found else { return nil }
    self = found
    try complete(from: checkpoint)
  }

  /// A token for each row of the embedding, and what the files beside the tokenizer say.
  private mutating func complete(from checkpoint: Checkpoint) throws {
    if let rows = checkpoint.vocabularyRows {
      leaveOutAdded(beyond: rows)
      pad(to: rows)
    }
    let settings = try? checkpoint.companions["tokenizer_config.json"]?.bytes()
    nameSpecials(
      by: settings.flatMap { try? JSONValue(parsing: $0) },
      config: checkpoint.sidecars["config.json"])
    if let jinja = try checkpoint.companions["chat_template.jinja"]?.bytes() {
      chatTemplate = try jinja.utf8()
    }
    let (folder, ending) = ("additional_chat_templates/", ".jinja")
    for (path, file) in checkpoint.companions
    where path.hasPrefix(folder) && path.hasSuffix(ending) {
      let name = String(path.dropFirst(folder.count).dropLast(ending.count))
      keep(try namingFile(path) { try file.bytes().utf8() }, named: name)
    }
  }

  /// llama.cpp wants no more tokens than rows; those that were only added, as Gemma 3's for pictures, can go.
  private mutating func leaveOutAdded(beyond rows: Int) {
    let added = [Kind.control, Kind.userDefined, Kind.unused]
    guard 0 < rows, rows < tokens.count, kinds.count == tokens.count,
      kinds[rows...].allSatisfy(added.contains)
    else { return }
    leftOut = (rows..<tokens.count).filter { kinds[$0] != Kind.unused }.map { tokens[$0] }
    let beyond = tokens.count - rows
    tokens.removeLast(beyond)
    kinds.removeLast(beyond)
    if !scores.isEmpty { scores.removeLast(beyond) }
    special = special.filter { $0.value < rows }
  }

  /// llama.cpp wants a token for each row of the embedding.
  private mutating func pad(to rows: Int) {
    guard rows > tokens.count, rows <= 1 << 22 else { return }
    for id in tokens.count..<rows {
      tokens.append("[PAD\(id)]")
      kinds.append(Kind.unused)
      if !scores.isEmpty { scores.append(-1000) }
    }
  }

  private mutating func nameSpecials(by settings: JSONValue?, config: JSONValue?) {
    func id(_ token: String) -> Int? { tokens.firstIndex(of: token) }
    for (name, key) in TokenizerWriting.names {
      let text = settings?[key]?.string ?? settings?[key]?["content"]?.string
      // llama.cpp's WordPiece has no word marks on special tokens, so they are found as they are written
      if let text, let found = id(text) { special[name] = found }
    }
    for (key, name) in ConfigurationReading.tokens where special[key] == nil {
      let said = config?[name]?.integer ?? config?[name]?.array?.first?.integer
      if let said, tokens.indices.contains(said) { special[key] = said }
    }
    addsBeginning = settings?["add_bos_token"]?.bool ?? addsBeginning
    addsEnd = settings?["add_eos_token"]?.bool ?? addsEnd
    let template = settings?["chat_template"]
    chatTemplate = template?.string
    for one in template?.array ?? [] {
      guard let name = one["name"]?.string, let text = one["template"]?.string else { continue }
      keep(text, named: name)
    }
  }

  /// A template under its name, in which llama.cpp's keys have letters and digits alone.
  private mutating func keep(_ template: String, named name: String) {
    let plain = String(
      name.unicodeScalars.map { scalar in
        let character = Character(scalar)
        return scalar.isASCII && (character.isLetter || character.isNumber) ? character : "_"
      })
    if plain == "default" {
      chatTemplate = template
    } else if !plain.isEmpty, plain.utf8.count <= 64, namedTemplates.count < 256 {
      namedTemplates[plain] = template
    }
  }
}

/// Takes a `tokenizer.json` apart.
private struct TokenizerReading {
  let tokenizer: JSONValue
  let model: JSONValue
  /// The tokens of the file, by their ids.
  let read: Tokenizer

  init(_ tokenizer: JSONValue, _ model: JSONValue, _ read: Tokenizer) {
    self.tokenizer = tokenizer
    self.model = model
    self.read = read
  }

  func vocabulary() throws -> GGUFVocabulary? {
    let pairs = merges
    var vocabulary: GGUFVocabulary
    switch model["type"]?.string ?? "BPE" {
    case "BPE" where model["byte_fallback"]?.bool == true:
      vocabulary = GGUFVocabulary(model: "llama", tokens: try tokens())
      vocabulary.scores = SentencePieceMerges.scores(tokens: vocabulary.tokens, merges: pairs)
      vocabulary.pre = "default"
      vocabulary.addsSpacePrefix = prependsSpace
    case "BPE":
      guard let pre = PreTokenizers.name(tokenizer["pre_tokenizer"]) else { return nil }
      vocabulary = GGUFVocabulary(model: "gpt2", tokens: try tokens())
      vocabulary.merges = pairs.map { "\($0) \($1)" }
      vocabulary.pre = pre
      if tokenizer["pre_tokenizer"]?["add_prefix_space"] == true {
        vocabulary.addsSpacePrefix = true
      }
    case "WordPiece":
      vocabulary = GGUFVocabulary(
        model: "bert", tokens: try tokens().map(TokenizerNames.phantom))
      vocabulary.pre = "default"
    case "Unigram":
      let pieces = model["vocab"]?.array ?? []
      vocabulary = GGUFVocabulary(model: "t5", tokens: try tokens())
      vocabulary.scores = pieces.map { Float($0[1]?.double ?? 0) }
      while vocabulary.scores.count < vocabulary.tokens.count { vocabulary.scores.append(-1000) }
      vocabulary.special["unknown"] = model["unk_id"]?.integer
      vocabulary.charactersMap = charactersMap
      vocabulary.addsSpacePrefix = true
      vocabulary.removesExtraWhitespace = removesSpaces
    default: return nil
    }
    vocabulary.kinds = kinds(vocabulary)
    if let unknown = model["unk_token"]?.string {
      vocabulary.special["unknown"] = vocabulary.tokens.firstIndex(of: unknown)
    }
    readTemplate(&vocabulary)
    return vocabulary
  }

  private var added: [(text: String, id: Int, isSpecial: Bool)] {
    (tokenizer["added_tokens"]?.array ?? []).compactMap { token in
      guard let text = token["content"]?.string, let id = token["id"]?.integer else { return nil }
      return (text, id, token["special"]?.bool ?? false)
    }
  }

  /// The tokens in the order of their ids, those that were added among them; a hole or two are filled up.
  private func tokens() throws -> [String] {
    let highest = max(
      model["vocab"]?.object?.values.lazy.compactMap(\.integer).max() ?? -1,
      (model["vocab"]?.array?.count ?? 0) - 1, added.map(\.id).max() ?? -1)
    guard highest < 2 * read.vocabularySize + 1024, added.allSatisfy({ $0.id >= 0 }) else {
      throw DataError(
        .malformed, "ids of tokens up to \(highest) for \(read.vocabularySize) tokens")
    }
    return (0..<(highest + 1)).map { read.token(of: $0) ?? "[PAD\($0)]" }
  }

  private func kinds(_ vocabulary: GGUFVocabulary) -> [Int] {
    let isBytes = vocabulary.model == "llama"
    var kinds = vocabulary.tokens.map { token in
      isBytes && token.hasPrefix("<0x") && token.utf8.count == 6
        ? GGUFVocabulary.Kind.byte : GGUFVocabulary.Kind.normal
    }
    for (text, id, isSpecial) in added {
      let isUnknown = text == model["unk_token"]?.string && vocabulary.model != "bert"
      kinds[id] =
        isUnknown
        ? GGUFVocabulary.Kind.unknown
        : isSpecial ? GGUFVocabulary.Kind.control : GGUFVocabulary.Kind.userDefined
    }
    for id in kinds.indices where read.token(of: id) == nil {
      kinds[id] = GGUFVocabulary.Kind.unused
    }
    return kinds
  }

  /// Pairs, as a list of two or as one text with a space.
  private var merges: [(String, String)] {
    (model["merges"]?.array ?? []).compactMap { merge in
      if let left = merge[0]?.string, let right = merge[1]?.string { return (left, right) }
      let parts = merge.string?.split(separator: " ", maxSplits: 1) ?? []
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
  }

  private var prependsSpace: Bool {
    let parts = tokenizer["normalizer"]?["normalizers"]?.array ?? [tokenizer["normalizer"] ?? nil]
    if parts.contains(where: { $0["type"] == "Prepend" }) { return true }
    let words = tokenizer["pre_tokenizer"]
    return words?["type"] == "Metaspace" && words?["prepend_scheme"] != "never"
      && words?["add_prefix_space"] != false
  }

  /// Whether spaces at the ends, or several in a row, go.
  private var removesSpaces: Bool {
    let parts = tokenizer["normalizer"]?["normalizers"]?.array ?? [tokenizer["normalizer"] ?? nil]
    return parts.contains {
      $0["type"] == "Strip" || $0["pattern"]?["Regex"]?.string?.hasPrefix(" {2,") == true
    }
  }

  private var charactersMap: [UInt8] {
    let parts = tokenizer["normalizer"]?["normalizers"]?.array ?? [tokenizer["normalizer"] ?? nil]
    return parts.lazy.compactMap { $0["precompiled_charsmap"]?.string }.first
      .flatMap(Base64.bytes) ?? []
  }

  /// Whether special tokens stand around a text.
  private func readTemplate(_ vocabulary: inout GGUFVocabulary) {
    let processor = tokenizer["post_processor"]
    let parts = processor?["processors"]?.array ?? [processor ?? nil]
    let template = parts.lazy.compactMap { $0["single"]?.array }.first
    func id(_ text: String?) -> Int? { text.flatMap { vocabulary.tokens.firstIndex(of: $0) } }
    if vocabulary.model == "bert" {
      // llama.cpp frames texts with these; without the keys it takes those of the first BERT
      let first = template?.first?["SpecialToken"]?["id"]?.string
      let last = template?.last?["SpecialToken"]?["id"]?.string
      let begin = id(processor?["cls"]?[0]?.string ?? first ?? "[CLS]")
      vocabulary.special["cls"] = begin
      vocabulary.special["bos"] = begin
      vocabulary.special["seperator"] = id(processor?["sep"]?[0]?.string ?? last ?? "[SEP]")
      vocabulary.special["padding"] = id("[PAD]")
      vocabulary.special["mask"] = id("[MASK]")
      return
    }
    if processor?["type"] == "RobertaProcessing" {
      vocabulary.special["bos"] = id(processor?["cls"]?[0]?.string)
      vocabulary.special["eos"] = id(processor?["sep"]?[0]?.string)
      vocabulary.addsBeginning = true
      vocabulary.addsEnd = true
      if vocabulary.model == "gpt2" { vocabulary.pre = "roberta-bpe" }
      return
    }
    let ends = [template?.first, template?.last].map { $0?["SpecialToken"]?["id"]?.string }
    vocabulary.special["bos"] = id(ends[0])
    vocabulary.special["eos"] = id(ends[1])
    vocabulary.addsBeginning = ends[0] != nil
    vocabulary.addsEnd = ends[1] != nil
  }
}

/// How tokens are spelt on either side.
enum TokenizerNames {
  /// WordPiece marks where words go on, llama.cpp where they begin.
  static func phantom(_ token: String) -> String {
    if token.hasPrefix("[") && token.hasSuffix("]") { return token }
    return token.hasPrefix("##") ? String(token.dropFirst(2)) : "▁" + token
  }
}
