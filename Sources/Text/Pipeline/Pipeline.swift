import BinaryIO
import Synchronization

/// Everything that a tokenizer is made of.
struct TokenizerParts: Sendable {
  var normalizer: (any Normalizer)?
  var preTokenizer: (any PreTokenizer)?
  var model: any TokenModel
  var postProcessor: (any PostProcessor)?
  var decoder: (any Decoder)?
  var lexicon: Lexicon
  var specials = SpecialTokens()
  var truncation: Truncation?
  var padding: Padding?
}

/// From text to tokens.
final class Pipeline: Sendable {
  let parts: TokenizerParts
  private let rawTokens: AddedTokenFinder
  private let normalizedTokens: AddedTokenFinder
  private let memory = Mutex(WorkingMemory())

  init(_ parts: TokenizerParts) throws {
    self.parts = parts
    var (raw, normalized) = (AddedTokenFinder(), AddedTokenFinder())
    var memory = WorkingMemory()
    for (id, token) in parts.lexicon.added.sorted(by: { $0.key < $1.key }) {
      let content = Array(token.content.utf8)
      if token.isNormalized, let normalizer = parts.normalizer {
        let text = try normalizer.normalized(NormalizedText(bytes: content), &memory)
        normalized.insert(text.bytes, id: id, token)
      } else if token.isNormalized {
        normalized.insert(content, id: id, token)
      } else {
        raw.insert(content, id: id, token)
      }
    }
    (rawTokens, normalizedTokens) = (raw, normalized)
  }

  /// The tokens of one text, without those that frame it.
  func encode(_ text: String, typeID: Int) throws -> Encoding {
    // Who comes while another encodes works with a memory of its own
    if let result = try memory.withLockIfAvailable({ try encode(text, typeID: typeID, &$0) }) {
      return result
    }
    var own = WorkingMemory()
    return try encode(text, typeID: typeID, &own)
  }

  private func encode(_ text: String, typeID: Int, _ memory: inout WorkingMemory) throws
    -> Encoding
  {
    let bytes = Array(text.utf8)
    guard bytes.count < 1 << 30 else {
      throw DataError(.limitExceeded, "a text of \(bytes.count) bytes", expected: "less than 1 GiB")
    }
    var split = try normalize(bytes, &memory)
    try parts.preTokenizer?.split(&split, &memory)
    var result = Encoding(lexicon: parts.lexicon)
    let places = ScalarPlaces(bytes)
    var tokens = TokenBuffer()
    swap(&tokens, &memory.tokens)
    defer { swap(&tokens, &memory.tokens) }
    tokens.removeAll()
    var first = 0
    result.ids.reserveCapacity(bytes.count / 4 + 8)
    result.offsets.reserveCapacity(bytes.count / 4 + 8)
    for (i, piece) in split.pieces.enumerated() {
      if piece.token >= 0 {
        tokens.append(UInt32(piece.token), piece.range.lowerBound, piece.range.upperBound)
        name(piece, split, &tokens)
      } else {
        try parts.model.tokenizeRemembering(
          split.texts[piece.text].bytes, piece.range, into: &tokens, &memory)
      }
      // Tokens are taken over when the text that they lie in ends
      if i + 1 == split.pieces.count || split.pieces[i + 1].text != piece.text {
        take(tokens, from: first, split.texts[piece.text], places, into: &result)
        first = tokens.count
      }
    }
    result.names = tokens.names
    result.typeIDs = [Int](repeating: typeID, count: result.count)
    result.specialTokensMask = [Int](repeating: 0, count: result.count)
    result.attentionMask = [Int](repeating: 1, count: result.count)
    return result
  }

  /// An added token is called as the text spells it, white space that it took included.
  private func name(_ piece: SplitText.Piece, _ split: SplitText, _ tokens: inout TokenBuffer) {
    let text = UTF8Text.string(split.texts[piece.text].bytes[piece.range])
    if text != parts.lexicon.text(piece.token) { tokens.names[tokens.count - 1] = text }
  }

  private func take(
    _ tokens: TokenBuffer, from first: Int, _ text: NormalizedText, _ places: ScalarPlaces,
    into result: inout Encoding
  ) {
    let count = text.bytes.count
    for i in first..<tokens.count {
      result.ids.append(Int(tokens.ids[i]))
      let start = min(Int(tokens.starts[i]), max(count - 1, 0))
      let last = max(min(Int(tokens.ends[i]), count) - 1, 0)
      let range: Range<Int>
      if let origins = text.origins {
        let from = start < origins.count ? Int(origins[start].start) : 0
        let to = last < origins.count ? Int(origins[last].end) : 0
        range = places.range(from, to)
      } else {
        range = places.range(start + text.shift, last + 1 + text.shift)
      }
      result.offsets.append(range)
    }
  }

  /// Finds added tokens in the text, normalises the rest, and finds added tokens in that.
  private func normalize(_ bytes: [UInt8], _ memory: inout WorkingMemory) throws -> SplitText {
    var split = SplitText()
    guard !bytes.isEmpty else { return split }
    let raw = rawTokens.isEmpty ? [(0..<bytes.count, -1)] : rawTokens.split(bytes)
    for (range, id) in raw {
      var text =
        raw.count == 1
        ? NormalizedText(bytes: bytes)
        : NormalizedText(bytes: Array(bytes[range]), shift: range.lowerBound)
      if id < 0, let normalizer = parts.normalizer {
        text = try normalizer.normalized(text, &memory)
      }
      let place = split.texts.count
      let whole = 0..<text.bytes.count
      split.texts.append(text)
      if id >= 0 || normalizedTokens.isEmpty {
        if !whole.isEmpty { split.pieces.append(.init(text: place, range: whole, token: id)) }
        continue
      }
      for (range, id) in normalizedTokens.split(text.bytes) {
        split.pieces.append(.init(text: place, range: range, token: id))
      }
    }
    return split
  }
}

/// The scalar that each byte of a text belongs to.
struct ScalarPlaces {
  /// Nil for ASCII, whose bytes are its scalars.
  private let indices: [Int32]?

  init(_ bytes: [UInt8]) {
    if bytes.allSatisfy({ $0 < 0x80 }) {
      indices = nil
      return
    }
    var indices = [Int32](repeating: 0, count: bytes.count)
    var index: Int32 = -1
    for i in bytes.indices {
      if bytes[i] & 0xC0 != 0x80 { index += 1 }
      indices[i] = index
    }
    self.indices = indices
  }

  /// The scalars of the bytes from `start` up to `end`.
  @inline(__always)
  func range(_ start: Int, _ end: Int) -> Range<Int> {
    guard let indices else { return start..<max(start, end) }
    guard end > start, end <= indices.count else {
      let place = start < indices.count ? Int(indices[start]) : Int(indices.last ?? -1) + 1
      return place..<place
    }
    return Int(indices[start])..<(Int(indices[end - 1]) + 1)
  }
}
