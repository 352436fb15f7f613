import BinaryIO
import JSON
import OrderedCollections

extension Recipe {
  /// The tokenizers of `vocab.json` and `merges.txt`: GPT-2's, RoBERTa's, CLIP's, Qwen's.
  static func bytePair(
    _ vocabulary: Vocabulary, merges: MergeList, names: SpecialNames, settings: Settings,
    kind: String
  ) throws -> Tokenizer {
    var recipe = Recipe(vocabulary)
    recipe.names = names
    recipe.decoder = ByteLevelDecoder()
    var options = BytePairModel.Options()
    if kind.hasPrefix("clip") || vocabulary.id(of: "<|startoftext|>") != nil {
      return try recipe.clip(merges, &options)
    }
    let isRoberta =
      ["roberta", "bart", "led", "longformer", "mvp"].contains { kind.hasPrefix($0) }
      || (kind.isEmpty && vocabulary.id(of: "<mask>") != nil && vocabulary.id(of: "<s>") != nil)
    let usual =
      isRoberta
      ? [
        "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
        "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
      ]
      : ["bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"]
    for (key, name) in usual where recipe.names.names[key] == nil && vocabulary.id(of: name) != nil
    {
      recipe.names.names[key] = name
    }
    recipe.addTokens(settings)
    recipe.addSpecials()
    for i in recipe.added.indices
    where isRoberta && recipe.added[i].content == recipe.names.names["mask_token"] {
      recipe.added[i].stripsLeft = true
    }
    let model = BytePairModel(
      vocabulary: vocabulary, merges: try merges.table(vocabulary, prefix: ""), options: options)
    let spellsBytes = !model.canTakeRawBytes
    let addsPrefixSpace = try settings.bool("add_prefix_space", default: false)
    let isQwen = kind.hasPrefix("qwen")
    if isQwen { recipe.normalizer = NormalFormNormalizer(form: .nfc) }
    recipe.preTokenizer = ByteLevelPreTokenizer(
      addsPrefixSpace: addsPrefixSpace,
      words: SplitPreTokenizer(
        finder: .pattern(try Pattern(isQwen ? Patterns.qwen2 : Patterns.gpt2)),
        behavior: .isolated, isInverted: false), spellsBytes: spellsBytes)
    return try recipe.tokenizer(
      spellsBytes ? model : model.takingRawBytes(),
      template: isRoberta
        ? .roberta(
          bos: recipe.names.names["cls_token"] ?? "<s>",
          eos: recipe.names.names["sep_token"] ?? "</s>")
        : nil,
      postProcessor: isRoberta
        ? { lexicon in
          let trim = TrimPostProcessor(addsPrefixSpace: addsPrefixSpace, lexicon: lexicon)
          let template = Template.roberta(bos: "<s>", eos: "</s>").processor(lexicon)
          return SequencePostProcessor(parts: [trim] + (template.map { [$0] } ?? []))
        } : nil)
  }

  private mutating func clip(_ merges: MergeList, _ options: inout BytePairModel.Options) throws
    -> Tokenizer
  {
    let usual = [
      "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
      "pad_token": "<|endoftext|>",
    ]
    for (key, name) in usual where names.names[key] == nil { names.names[key] = name }
    addSpecials()
    options.unknown = names.names["unk_token"]
    options.wordSuffix = "</w>"
    normalizer = SequenceNormalizer(parts: [
      NormalFormNormalizer(form: .nfc),
      ReplaceNormalizer(finder: .pattern(try Pattern(#"\s+"#)), content: [0x20]),
      LowercaseNormalizer(),
    ])
    preTokenizer = SequencePreTokenizer(parts: [
      SplitPreTokenizer(
        finder: .pattern(try Pattern(Patterns.clip)), behavior: .removed, isInverted: true),
      ByteLevelPreTokenizer(addsPrefixSpace: false, words: nil),
    ])
    decoder = SequenceDecoder(parts: [ByteLevelDecoder(), SuffixDecoder(suffix: "</w>")])
    let model = BytePairModel(
      vocabulary: vocabulary, merges: try merges.table(vocabulary, prefix: ""), options: options)
    return try tokenizer(
      model,
      template: .around(names.names["bos_token"], names.names["eos_token"]))
  }

  /// The added tokens that `tokenizer_config.json` lists by id.
  mutating func addTokens(_ settings: Settings) {
    let listed = settings.value["added_tokens_decoder"]?.object ?? [:]
    for (_, value) in listed.elements.sorted(by: { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }) {
      guard let content = value["content"]?.string, !content.isEmpty else { continue }
      var token = AddedToken(content: content)
      token.isSingleWord = value["single_word"]?.bool ?? false
      token.stripsLeft = value["lstrip"]?.bool ?? false
      token.stripsRight = value["rstrip"]?.bool ?? false
      token.isSpecial = value["special"]?.bool ?? false
      token.isNormalized = value["normalized"]?.bool ?? !token.isSpecial
      added.append(token)
    }
  }
}

/// The patterns that published tokenizers cut words with.
enum Patterns {
  static let gpt2 = ByteLevelPreTokenizer.pattern
  static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let clip =
    #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
}
