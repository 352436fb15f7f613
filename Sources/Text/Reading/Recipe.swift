import BinaryIO
import JSON

/// A tokenizer of a kind that a file only names: the vocabulary is the file's, the rest is known of the kind.
struct Recipe {
  var vocabulary: Vocabulary
  var added: [AddedToken] = []
  var names = SpecialNames()
  var normalizer: (any Normalizer)?
  var preTokenizer: (any PreTokenizer)?
  var decoder: (any Decoder)?

  init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// Puts the tokens with a role among the added ones, unless they are there.
  mutating func addSpecials() {
    for key in SpecialNames.keys {
      guard let name = names.names[key], !added.contains(where: { $0.content == name }) else {
        continue
      }
      var token = AddedToken(content: name)
      token.isSpecial = true
      token.isNormalized = false
      added.append(token)
    }
  }

  /// A tokenizer with `model`; `template` frames texts with tokens of the given roles.
  func tokenizer(
    _ model: any TokenModel, template: Template? = nil,
    postProcessor: ((Lexicon) throws -> any PostProcessor)? = nil
  ) throws -> Tokenizer {
    let lexicon = AddedTokenReader.lexicon(added, vocabulary: model.vocabulary)
    var parts = TokenizerParts(model: model, lexicon: lexicon)
    parts.normalizer = normalizer
    parts.preTokenizer = preTokenizer
    parts.decoder = decoder
    parts.postProcessor = try postProcessor?(lexicon) ?? template?.processor(lexicon)
    parts.specials = names.resolved(lexicon)
    return Tokenizer(try Pipeline(parts))
  }

  /// What stands around texts: token names, and `A` and `B` for the texts.
  struct Template {
    var single: [(String, typeID: Int)]
    var pair: [(String, typeID: Int)]

    /// Nil when one of its tokens is not there: then texts stand alone.
    func processor(_ lexicon: Lexicon) -> TemplatePostProcessor? {
      let read = { (pieces: [(String, typeID: Int)]) -> [TemplatePostProcessor.Piece]? in
        var result: [TemplatePostProcessor.Piece] = []
        for (name, typeID) in pieces {
          switch name {
          case "A": result.append(.text(0, typeID: typeID))
          case "B": result.append(.text(1, typeID: typeID))
          default:
            guard let id = lexicon.id(name) else { return nil }
            result.append(.special([(id, nil)], typeID: typeID))
          }
        }
        return result
      }
      guard let single = read(single), let pair = read(pair) else { return nil }
      return TemplatePostProcessor(single: single, pair: pair)
    }

    /// BERT's: `[CLS] A [SEP] B [SEP]`.
    static func bert(cls: String, sep: String) -> Template {
      let single = [(cls, typeID: 0), ("A", typeID: 0), (sep, typeID: 0)]
      return Template(single: single, pair: single + [("B", typeID: 1), (sep, typeID: 1)])
    }

    /// RoBERTa's: `<s> A </s></s> B </s>`.
    static func roberta(bos: String, eos: String) -> Template {
      let single = [(bos, typeID: 0), ("A", typeID: 0), (eos, typeID: 0)]
      return Template(
        single: single,
        pair: single + [(eos, typeID: 0), ("B", typeID: 0), (eos, typeID: 0)])
    }

    /// Tokens before and behind each text, of those that are given.
    static func around(_ bos: String?, _ eos: String?, pairType: Int = 0) -> Template {
      let frame = { (text: String, typeID: Int) in
        (bos.map { [($0, typeID: typeID)] } ?? []) + [(text, typeID: typeID)]
          + (eos.map { [($0, typeID: typeID)] } ?? [])
      }
      return Template(single: frame("A", 0), pair: frame("A", 0) + frame("B", pairType))
    }
  }
}

extension Recipe {
  /// BERT's tokenizer of a list of tokens.
  static func bert(_ vocabulary: Vocabulary, names: SpecialNames, settings: Settings) throws
    -> Tokenizer
  {
    var recipe = Recipe(vocabulary)
    recipe.names = names
    let usual = [
      "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
      "mask_token": "[MASK]",
    ]
    for (key, name) in usual where recipe.names.names[key] == nil && vocabulary.id(of: name) != nil
    {
      recipe.names.names[key] = name
    }
    recipe.addSpecials()
    let lowercases = try settings.bool("do_lower_case", default: true)
    recipe.normalizer = BertNormalizer(
      cleans: true,
      separatesIdeographs: try settings.bool("tokenize_chinese_chars", default: true),
      stripsAccents: try settings.bool("strip_accents", default: lowercases),
      lowercases: lowercases)
    recipe.preTokenizer = BertPreTokenizer()
    recipe.decoder = WordPieceDecoder(prefix: "##", cleansUp: true)
    let model = WordPieceModel(
      vocabulary: vocabulary, unknown: recipe.names.names["unk_token"] ?? "[UNK]", prefix: "##",
      longestWord: 100)
    return try recipe.tokenizer(
      model,
      template: .bert(
        cls: recipe.names.names["cls_token"] ?? "[CLS]",
        sep: recipe.names.names["sep_token"] ?? "[SEP]"))
  }
}
