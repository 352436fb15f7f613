import BinaryIO
import JSON

extension Tokenizer {
  /// Reads a `tokenizer.json`.
  /// - Throws: `.malformed` or `.unsupported`, naming the part.
  public init(json bytes: Bytes) throws { try self.init(json: bytes, names: SpecialNames()) }

  init(json bytes: Bytes, names: SpecialNames) throws {
    let file = try TokenizerFile(bytes)
    let document = file.document
    guard case .object = document["model"] else {
      throw DataError(.malformed, "no 'model'", expected: "a tokenizer.json")
    }
    let settings = { (key: String) -> Settings? in
      guard let value = document[key], !value.isNull else { return nil }
      return Settings(value: value, path: key)
    }
    var model = try Models.read(file)
    let lexicon = try AddedTokenReader.lexicon(
      document["added_tokens"]?.array ?? [], vocabulary: model.vocabulary)
    var spellsBytes = true
    if let bytePair = model as? BytePairModel, bytePair.canTakeRawBytes,
      let preTokenizer = settings("pre_tokenizer"), Components.endsWithByteLevel(preTokenizer)
    {
      model = bytePair.takingRawBytes()
      spellsBytes = false
    }
    var parts = TokenizerParts(model: model, lexicon: lexicon)
    parts.normalizer = try settings("normalizer").map { try Components.normalizer($0) }
    parts.preTokenizer = try settings("pre_tokenizer").map {
      try Components.preTokenizer($0, spellsBytes: spellsBytes)
    }
    parts.postProcessor = try settings("post_processor").map {
      try PostProcessors(lexicon: lexicon).read($0)
    }
    parts.decoder = try settings("decoder").map { try Components.decoder($0) }
    parts.truncation = try settings("truncation").map { try Truncation($0) }
    parts.padding = try settings("padding").map { try Padding($0) }
    parts.specials = names.resolved(lexicon)
    self.init(try Pipeline(parts))
  }
}

/// The models of a `tokenizer.json`.
enum Models {
  static func read(_ file: TokenizerFile) throws -> any TokenModel {
    let settings = Settings(value: file.document["model"] ?? .null, path: "model")
    // Old files leave the type to what else is there
    let type =
      try settings.optionalString("type")
      ?? (!file.scores.isEmpty
        ? "Unigram"
        : settings.value["merges"] != nil
          ? "BPE" : settings.value["continuing_subword_prefix"] != nil ? "WordPiece" : "WordLevel")
    guard settings.value["vocab"] != nil else {
      throw DataError(.malformed, "no 'vocab'", subject: "model")
    }
    switch type {
    case "BPE":
      guard file.scores.isEmpty, settings.value["merges"] != nil else {
        throw DataError(
          .malformed, "no vocabulary of ids, or no 'merges'", expected: "both in a BPE model",
          subject: "model")
      }
      var options = BytePairModel.Options()
      options.unknown = try settings.optionalString("unk_token")
      options.continuingPrefix = try settings.optionalString("continuing_subword_prefix")
      options.wordSuffix = try settings.optionalString("end_of_word_suffix")
      options.fusesUnknown = try settings.bool("fuse_unk", default: false)
      options.fallsBackToBytes = try settings.bool("byte_fallback", default: false)
      options.ignoresMerges = try settings.bool("ignore_merges", default: false)
      let merges = try file.merges.table(
        file.vocabulary, prefix: options.continuingPrefix ?? "")
      return BytePairModel(vocabulary: file.vocabulary, merges: merges, options: options)
    case "WordPiece":
      return WordPieceModel(
        vocabulary: file.vocabulary,
        unknown: try settings.string("unk_token", default: "[UNK]"),
        prefix: try settings.string("continuing_subword_prefix", default: "##"),
        longestWord: try settings.integer(
          "max_input_chars_per_word", default: 100, in: 0...(1 << 30)))
    case "WordLevel":
      return WordLevelModel(
        vocabulary: file.vocabulary,
        unknown: try settings.string("unk_token", default: "<unk>"))
    case "Unigram":
      guard file.scores.count == 0 || file.scores.count >= file.vocabulary.count,
        !file.scores.isEmpty
      else {
        throw DataError(.malformed, "a vocabulary without scores", subject: "model")
      }
      let unknown =
        settings.has("unk_id")
        ? try settings.integer("unk_id", in: 0...(file.scores.count - 1)) : nil
      return UnigramModel(
        vocabulary: file.vocabulary, scores: file.scores, unknownID: unknown,
        fallsBackToBytes: try settings.bool("byte_fallback", default: false))
    default: throw settings.unsupported(type)
    }
  }
}

/// The list of added tokens.
enum AddedTokenReader {
  static func lexicon(_ list: [JSONValue], vocabulary: Vocabulary) throws -> Lexicon {
    let tokens = try list.enumerated().map { i, value in
      let settings = Settings(value: value, path: "added_tokens[\(i)]")
      var token = AddedToken(content: try settings.string("content"))
      token.isSingleWord = try settings.bool("single_word", default: false)
      token.stripsLeft = try settings.bool("lstrip", default: false)
      token.stripsRight = try settings.bool("rstrip", default: false)
      token.isSpecial = try settings.bool("special", default: false)
      token.isNormalized = try settings.bool("normalized", default: !token.isSpecial)
      return token
    }
    return lexicon(tokens, vocabulary: vocabulary)
  }

  /// Tokens that the model lacks get the ids behind its own, in order, whatever the file says.
  static func lexicon(_ tokens: [AddedToken], vocabulary: Vocabulary) -> Lexicon {
    var added: [Int: AddedToken] = [:]
    var ids: [String: Int] = [:]
    var highest = -1
    for token in tokens where !token.content.isEmpty {
      let known = ids[token.content] ?? vocabulary.id(of: token.content)
      let id = known ?? (highest >= vocabulary.count ? highest + 1 : vocabulary.count)
      ids[token.content] = id
      added[id] = token
      highest = max(highest, id)
    }
    return Lexicon(vocabulary: vocabulary, added: added, addedIDs: ids)
  }
}

extension Truncation {
  init(_ settings: Settings) throws {
    self.init(
      maximumLength: try settings.integer("max_length", default: 512, in: 0...(1 << 40)),
      stride: try settings.integer("stride", default: 0, in: 0...(1 << 40)),
      strategy: Strategy(rawValue: try settings.string("strategy", default: "LongestFirst"))
        ?? .longestFirst,
      side: Side(rawValue: try settings.string("direction", default: "Right")) ?? .right)
  }
}

extension Padding {
  init(_ settings: Settings) throws {
    let multiple =
      settings.has("pad_to_multiple_of")
      ? try settings.integer("pad_to_multiple_of", in: 0...(1 << 20)) : nil
    self.init(
      length: settings.value["strategy"]?["Fixed"]?.integer.map { min(max($0, 0), 1 << 24) },
      multiple: multiple,
      side: Truncation.Side(rawValue: try settings.string("direction", default: "Right"))
        ?? .right,
      id: try settings.integer("pad_id", default: 0, in: 0...Vocabulary.idLimit),
      typeID: try settings.integer("pad_type_id", default: 0, in: 0...Int(UInt32.max)),
      token: try settings.string("pad_token", default: "[PAD]"))
  }
}
