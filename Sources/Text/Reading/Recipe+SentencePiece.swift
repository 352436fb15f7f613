import BinaryIO
import JSON

extension Recipe {
  static let sign: UInt32 = 0x2581

  /// The tokenizer of a SentencePiece model, framed as the model that it is for wants it.
  static func sentencePiece(
    _ model: SentencePieceModel, names: SpecialNames, settings: Settings, kind: String
  ) throws -> Tokenizer {
    var pieces = model.pieces
    var unknownID = model.unknownID
    // XLM-RoBERTa's ids are fairseq's: the specials come first, and the model's pieces one later
    let isFairseq = ["xlmroberta", "xlmr", "mbart"].contains { kind.hasPrefix($0) }
    if isFairseq {
      let specials = ["<s>", "<pad>", "</s>", "<unk>"].map {
        (text: $0, score: 0.0, type: SentencePieceModel.PieceType.control)
      }
      pieces = specials + pieces.dropFirst(3) + [(text: "<mask>", score: 0.0, type: .control)]
      unknownID = 3
    }
    if kind.hasPrefix("t5") || kind.hasPrefix("mt5") {
      let extra = min(max(settings.value["extra_ids"]?.integer ?? 100, 0), 1000)
      for i in (0..<extra).reversed() { pieces.append(("<extra_id_\(i)>", 0, .control)) }
    }
    var recipe = Recipe(try Vocabulary(pieces.map(\.text)))
    recipe.names = names
    recipe.nameSpecials(model, pieces)
    recipe.addTokens(settings)
    for piece in pieces where piece.type == .control || piece.type == .userDefined {
      guard !recipe.added.contains(where: { $0.content == piece.text }) else { continue }
      var token = AddedToken(content: piece.text)
      token.isNormalized = false
      token.isSpecial = piece.type == .control
      token.stripsLeft = piece.text == "<mask>"
      recipe.added.append(token)
    }
    let tokenModel: any TokenModel
    switch model.kind {
    case .bytePair:
      var options = BytePairModel.Options()
      options.unknown = unknownID < pieces.count && unknownID >= 0 ? pieces[unknownID].text : nil
      options.fusesUnknown = true
      options.fallsBackToBytes = model.fallsBackToBytes
      tokenModel = BytePairModel(
        vocabulary: recipe.vocabulary,
        merges: Recipe.merges(recipe.vocabulary, scores: pieces.map(\.score)), options: options)
    default:
      tokenModel = UnigramModel(
        vocabulary: recipe.vocabulary, scores: pieces.map(\.score),
        unknownID: pieces.indices.contains(unknownID) ? unknownID : nil,
        fallsBackToBytes: model.fallsBackToBytes)
    }
    try recipe.prepareSentencePiece(model)
    return try recipe.tokenizer(tokenModel, template: recipe.template(kind, settings))
  }

  /// The merges that byte-pair pieces tell: whatever two pieces make a third, the best score first.
  static func merges(_ vocabulary: Vocabulary, scores: [Double]) -> PairTable {
    var found: [(score: Double, left: UInt32, right: UInt32, new: UInt32)] = []
    var lengths: [(Int, Int)] = []
    vocabulary.forEach { token, id in
      guard token.count > 1, token.count <= 512, id < scores.count else { return }
      let bytes = Array(token)
      var local: [(left: Int, right: Int, at: Int)] = []
      for at in 1..<bytes.count where bytes[at] & 0xC0 != 0x80 {
        guard let left = vocabulary.id(of: bytes, 0..<at),
          let right = vocabulary.id(of: bytes, at..<bytes.count)
        else { continue }
        local.append((left, right, at))
      }
      for merge in local.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }) {
        found.append((scores[id], UInt32(merge.left), UInt32(merge.right), UInt32(id)))
        let left = bytes[..<merge.at].count { $0 & 0xC0 != 0x80 }
        lengths.append((left, bytes.count { $0 & 0xC0 != 0x80 } - left))
      }
    }
    let order = found.indices.sorted { a, b in
      let (x, y) = (found[a], found[b])
      if x.score != y.score { return x.score > y.score }
      if lengths[a] != lengths[b] { return lengths[a] > lengths[b] }
      return a < b
    }
    var table = PairTable(capacity: order.count)
    for (rank, place) in order.enumerated() {
      let merge = found[place]
      table.insert(merge.left, merge.right, rank: rank, becomes: merge.new)
    }
    return table
  }

  private mutating func nameSpecials(
    _ model: SentencePieceModel,
    _ pieces: [(text: String, score: Double, type: SentencePieceModel.PieceType)]
  ) {
    let roles = [
      ("unk_token", model.unknownID), ("bos_token", model.bosID), ("eos_token", model.eosID),
      ("pad_token", model.padID),
    ]
    for (key, id) in roles where names.names[key] == nil && model.pieces.indices.contains(id) {
      names.names[key] = model.pieces[id].text
    }
    for (key, name) in [
      ("mask_token", "<mask>"), ("mask_token", "[MASK]"), ("cls_token", "[CLS]"),
      ("sep_token", "[SEP]"),
    ]
    where names.names[key] == nil && vocabulary.id(of: name) != nil {
      names.names[key] = name
    }
  }

  /// What SentencePiece does before it cuts: its rules, one space for several, a sign for each space.
  private mutating func prepareSentencePiece(_ model: SentencePieceModel) throws {
    var parts: [any Normalizer] = []
    if !model.charsMap.isEmpty {
      parts.append(
        try naming("precompiled_charsmap") { try PrecompiledNormalizer(charsMap: model.charsMap) })
    }
    if model.removesExtraSpaces {
      parts.append(StripNormalizer(left: true, right: true))
      parts.append(
        ReplaceNormalizer(finder: .pattern(try Pattern(" {2,}")), content: [0x20]))
    }
    if model.addsDummyPrefix { parts.append(PrependNormalizer(content: [Recipe.sign])) }
    parts.append(
      ReplaceNormalizer(finder: .text([0x20]), content: [Recipe.sign]))
    normalizer = SequenceNormalizer(parts: parts)
    // Words never cross a sign in Unigram models that published files hold; byte pairs may
    if model.kind == .unigram {
      preTokenizer = ScalarSplit(kind: .one(Recipe.sign), behavior: .mergedWithNext)
    }
    var chain: [any Decoder] = [
      ReplaceDecoder(finder: .text(Array("\u{2581}".utf8)), content: " "), ByteFallbackDecoder(),
      FuseDecoder(),
    ]
    if model.addsDummyPrefix { chain.append(StripDecoder(content: 0x20, start: 1, stop: 0)) }
    decoder = SequenceDecoder(parts: chain)
  }

  private func template(_ kind: String, _ settings: Settings) throws -> Template? {
    let (bos, eos) = (names.names["bos_token"], names.names["eos_token"])
    switch kind {
    case _ where kind.hasPrefix("xlmroberta") || kind.hasPrefix("camembert"):
      return .roberta(bos: "<s>", eos: "</s>")
    case _ where kind.hasPrefix("albert") || kind.hasPrefix("deberta") || kind.hasPrefix("xlnet"):
      return .bert(
        cls: names.names["cls_token"] ?? "[CLS]", sep: names.names["sep_token"] ?? "[SEP]")
    case _ where kind.hasPrefix("t5") || kind.hasPrefix("mt5") || kind.hasPrefix("pegasus"):
      return .around(nil, eos)
    default:
      // The llama family: a beginning, no end, unless the files say otherwise
      let begins = try settings.bool("add_bos_token", default: kind != "")
      let ends = try settings.bool("add_eos_token", default: false)
      return .around(begins ? bos : nil, ends ? eos : nil)
    }
  }
}
