import BinaryIO
import Formats
import JSON
import OrderedCollections
import Text

/// The tokenizer of a directory without a `tokenizer.json`.
extension GGUFVocabulary {
  /// Models of SentencePiece, as their libraries name the file.
  private static let pieceFiles = [
    "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model",
  ]

  /// The file that the tokenizer is taken from; nil where there is none.
  static func source(of checkpoint: Checkpoint) -> String? {
    let files = checkpoint.companions
    if files["tokenizer.json"] != nil { return "tokenizer.json" }
    if files["vocab.json"] != nil, files["merges.txt"] != nil { return "vocab.json" }
    if let name = pieceFiles.first(where: { files[$0] != nil }) { return name }
    return files["vocab.txt"] == nil ? nil : "vocab.txt"
  }

  /// - Throws: `.malformed` for files that contradict themselves.
  init?(files checkpoint: Checkpoint, source: String) throws {
    let read = try Tokenizer { name in
      if let companion = checkpoint.companions[name] { return try companion.bytes() }
      return checkpoint.sidecars[name].map { Bytes(Array($0.text().utf8)) }
    }
    let settings = try checkpoint.json("tokenizer_config.json")
    let added = settings?["added_tokens_decoder"]?.object ?? [:]
    let highest = max(read.vocabularySize - 1, added.keys.compactMap { Int($0) }.max() ?? -1)
    guard highest < 2 * read.vocabularySize + 1024 else {
      throw DataError(
        .malformed, "ids of tokens up to \(highest) for \(read.vocabularySize) tokens",
        subject: "tokenizer_config.json")
    }
    let tokens = (0..<(highest + 1)).map { read.token(of: $0) ?? "[PAD\($0)]" }
    switch source {
    case "vocab.json":
      self.init(model: "gpt2", tokens: tokens)
      let lines = try checkpoint.companions["merges.txt"]?.bytes().utf8() ?? ""
      merges = lines.utf8.split(separator: 0x0A).compactMap { line in
        let line = line.last == 0x0D ? line.dropLast() : line
        return line.isEmpty || line.starts(with: "#version".utf8) ? nil : String(Substring(line))
      }
      if settings?["add_prefix_space"]?.bool == true { addsSpacePrefix = true }
      let type = checkpoint.sidecars["config.json"]?["model_type"]?.string ?? ""
      pre = type.hasPrefix("qwen") ? "qwen2" : type == "roberta" ? "roberta-bpe" : "gpt-2"
    case "vocab.txt":
      self.init(model: "bert", tokens: tokens)
      pre = "default"
    default:
      guard let bytes = try checkpoint.companions[source]?.bytes() else { return nil }
      let pieces = try namingFile(source) { try SentencePieceModel(bytes) }
      self.init(model: pieces.kind == .bytePair ? "llama" : "t5", tokens: tokens)
      take(pieces)
    }
    kinds = tokens.indices.map { id in
      if read.token(of: id) == nil { return Kind.unused }
      if id == read.specials.unknown, source != "vocab.txt" { return Kind.unknown }
      if read.isSpecial(id) { return Kind.control }
      if kinds.indices.contains(id), kinds[id] != 0 { return kinds[id] }
      return added["\(id)"] == nil ? Kind.normal : Kind.userDefined
    }
    if model == "bert" {
      self.tokens = tokens.indices.map {
        kinds[$0] == Kind.control ? tokens[$0] : TokenizerNames.phantom(tokens[$0])
      }
    }
    nameRoles(read)
  }

  /// The scores and kinds of SentencePiece's own tokens, found by their texts: ids may be shifted.
  private mutating func take(_ file: SentencePieceModel) {
    var known: [[UInt8]: (score: Float, kind: Int)] = [:]
    for piece in file.pieces {
      known[Array(piece.text.utf8)] = (Float(piece.score), piece.type.rawValue)
    }
    let found = tokens.map { known[Array($0.utf8)] }
    scores = found.map { $0?.score ?? (model == "llama" ? -1000 : 0) }
    kinds = found.map { $0?.kind ?? 0 }
    pre = "default"
    charactersMap = file.charsMap
    addsSpacePrefix = file.addsDummyPrefix
    removesExtraWhitespace = file.removesExtraSpaces
  }

  /// The roles of tokens, and which of them stand around a text.
  private mutating func nameRoles(_ read: Tokenizer) {
    let roles = read.specials
    for (name, id) in [
      ("bos", roles.bos), ("eos", roles.eos), ("unknown", roles.unknown), ("padding", roles.pad),
      ("cls", roles.cls), ("seperator", roles.sep), ("mask", roles.mask),
    ] {
      if let id, tokens.indices.contains(id) { special[name] = id }
    }
    if model == "bert" { special["bos"] = special["cls"] }
    guard model != "bert", let plain = try? read.encode("a", addSpecialTokens: false),
      let framed = try? read.encode("a")
    else { return }
    let extra = framed.ids.count - plain.ids.count
    let begin = framed.ids.first.map { Int($0) }
    let end = framed.ids.last.map { Int($0) }
    addsBeginning = extra > 0 && begin != nil && begin == special["bos"]
    addsEnd = extra > (addsBeginning == true ? 1 : 0) && end != nil && end == special["eos"]
  }
}
