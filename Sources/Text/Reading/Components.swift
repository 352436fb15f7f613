import BinaryIO
import JSON

/// The normalizers, pre-tokenizers and decoders by their names in a `tokenizer.json`.
enum Components {
  static func normalizer(_ settings: Settings) throws -> any Normalizer {
    try settings.checkDepth()
    switch try settings.type {
    case "Sequence":
      return SequenceNormalizer(parts: try settings.parts("normalizers").map(normalizer))
    case "NFC": return NormalFormNormalizer(form: .nfc)
    case "NFD": return NormalFormNormalizer(form: .nfd)
    case "NFKC": return NormalFormNormalizer(form: .nfkc)
    case "NFKD": return NormalFormNormalizer(form: .nfkd)
    case "Lowercase": return LowercaseNormalizer()
    case "Strip":
      return StripNormalizer(
        left: try settings.bool("strip_left", default: true),
        right: try settings.bool("strip_right", default: true))
    case "StripAccents": return StripAccentsNormalizer()
    case "Replace":
      return ReplaceNormalizer(
        finder: try settings.finder("pattern"),
        content: UTF8Text.scalars(try settings.string("content")))
    case "Prepend":
      return PrependNormalizer(content: UTF8Text.scalars(try settings.string("prepend")))
    case "Append":
      return AppendNormalizer(content: UTF8Text.scalars(try settings.string("append")))
    case "Nmt": return NmtNormalizer()
    case "ByteLevel": return ByteLevelNormalizer()
    case "BertNormalizer":
      let lowercases = try settings.bool("lowercase", default: true)
      return BertNormalizer(
        cleans: try settings.bool("clean_text", default: true),
        separatesIdeographs: try settings.bool("handle_chinese_chars", default: true),
        stripsAccents: try settings.bool("strip_accents", default: lowercases),
        lowercases: lowercases)
    case "Precompiled":
      guard settings.has("precompiled_charsmap") else { return SequenceNormalizer(parts: []) }
      return try naming(settings.path) {
        try PrecompiledNormalizer(
          charsMap: try Base64.decode(try settings.string("precompiled_charsmap")))
      }
    case let other: throw settings.unsupported(other)
    }
  }

  /// `spellsBytes` is false for a last ByteLevel whose model takes bytes.
  static func preTokenizer(_ settings: Settings, spellsBytes: Bool = true) throws
    -> any PreTokenizer
  {
    try settings.checkDepth()
    switch try settings.type {
    case "Sequence":
      let parts = try settings.parts("pretokenizers")
      return SequencePreTokenizer(
        parts: try parts.enumerated().map {
          try preTokenizer($1, spellsBytes: spellsBytes || $0 < parts.count - 1)
        })
    case "BertPreTokenizer": return BertPreTokenizer()
    case "Whitespace": return WhitespacePreTokenizer()
    case "WhitespaceSplit": return ScalarSplit(kind: .space, behavior: .removed)
    case "ByteLevel":
      let words =
        try settings.bool("use_regex", default: true)
        ? SplitPreTokenizer(
          finder: .pattern(try Pattern(ByteLevelPreTokenizer.pattern)), behavior: .isolated,
          isInverted: false) : nil
      return ByteLevelPreTokenizer(
        addsPrefixSpace: try settings.bool("add_prefix_space", default: true), words: words,
        spellsBytes: spellsBytes)
    case "Metaspace":
      return MetaspacePreTokenizer(
        replacement: try settings.scalar("replacement", default: 0x2581),
        prepending: try prepending(settings), splits: try settings.bool("split", default: true))
    case "Split":
      return SplitPreTokenizer(
        finder: try settings.finder("pattern"), behavior: try behavior(settings),
        isInverted: try settings.bool("invert", default: false))
    case "Digits":
      let isIndividual = try settings.bool("individual_digits", default: false)
      return ScalarSplit(kind: .numeric, behavior: isIndividual ? .isolated : .contiguous)
    case "Punctuation":
      return ScalarSplit(
        kind: .punctuation,
        behavior: settings.has("behavior") ? try behavior(settings) : .isolated)
    case "CharDelimiterSplit":
      return ScalarSplit(kind: .one(try settings.scalar("delimiter")), behavior: .removed)
    case "UnicodeScripts": return ScriptPreTokenizer()
    case "FixedLength":
      return FixedLengthPreTokenizer(
        length: try settings.integer("length", default: 5, in: 1...(1 << 30)))
    case let other: throw settings.unsupported(other)
    }
  }

  /// Whether the last pre-tokenizer spells bytes as letters, so that a model may take the bytes themselves.
  static func endsWithByteLevel(_ settings: Settings) -> Bool {
    switch settings.value["type"]?.string {
    case "ByteLevel": true
    case "Sequence":
      (try? settings.parts("pretokenizers"))?.last.map(endsWithByteLevel) ?? false
    default: false
    }
  }

  private static func behavior(_ settings: Settings) throws -> SplitBehavior {
    let name = try settings.string("behavior")
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw DataError(.unsupported, "the behavior '\(name)'", subject: settings.path)
    }
    return behavior
  }

  private static func prepending(_ settings: Settings) throws -> MetaspacePreTokenizer.Prepending {
    // Files of older versions say it with a flag
    if !settings.has("prepend_scheme") {
      return try settings.bool("add_prefix_space", default: true) ? .always : .never
    }
    let name = try settings.string("prepend_scheme")
    guard let scheme = MetaspacePreTokenizer.Prepending(rawValue: name) else {
      throw DataError(.unsupported, "the prepend_scheme '\(name)'", subject: settings.path)
    }
    return scheme
  }

  static func decoder(_ settings: Settings) throws -> any Decoder {
    try settings.checkDepth()
    switch try settings.type {
    case "Sequence": return SequenceDecoder(parts: try settings.parts("decoders").map(decoder))
    case "ByteLevel": return ByteLevelDecoder()
    case "WordPiece":
      return WordPieceDecoder(
        prefix: try settings.string("prefix", default: "##"),
        cleansUp: try settings.bool("cleanup", default: true))
    case "Metaspace":
      return MetaspaceDecoder(
        replacement: Unicode.Scalar(try settings.scalar("replacement", default: 0x2581))
          ?? "\u{2581}",
        prepending: try prepending(settings))
    case "BPEDecoder":
      return SuffixDecoder(suffix: try settings.string("suffix", default: "</w>"))
    case "ByteFallback": return ByteFallbackDecoder()
    case "Fuse": return FuseDecoder()
    case "Strip":
      return StripDecoder(
        content: try settings.scalar("content"),
        start: try settings.integer("start", default: 0, in: 0...(1 << 30)),
        stop: try settings.integer("stop", default: 0, in: 0...(1 << 30)))
    case "Replace":
      return ReplaceDecoder(
        finder: try settings.finder("pattern"), content: try settings.string("content"))
    case "CTC":
      return CTCDecoder(
        padToken: try settings.string("pad_token", default: "<pad>"),
        wordDelimiter: try settings.string("word_delimiter_token", default: "|"),
        cleansUp: try settings.bool("cleanup", default: true))
    case let other: throw settings.unsupported(other)
    }
  }
}

/// - Source: RFC 4648, section 4.
enum Base64 {
  static func decode(_ text: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count * 3 / 4)
    var (bits, count) = (UInt32(0), 0)
    for character in text.utf8 {
      let value: UInt8
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="): return bytes
      default: throw DataError(.malformed, "a character that is not Base64")
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}
