import BinaryIO

/// Turns text into the token ids of a model, and ids into text.
///
/// The same ids, tokens and offsets as the `tokenizers` library gives for the same files. A tokenizer may be used from
/// several threads at once.
public struct Tokenizer: Sendable {
  let pipeline: Pipeline

  init(_ pipeline: Pipeline) { self.pipeline = pipeline }

  private var parts: TokenizerParts { pipeline.parts }

  /// The tokens with a role, as far as the files name them.
  public var specials: SpecialTokens { parts.specials }
  /// How the files want texts to be cut and filled up; nothing is done unless it is asked for.
  public var truncation: Truncation? { parts.truncation }
  public var padding: Padding? { parts.padding }

  /// How many different tokens there are, added ones included.
  public var vocabularySize: Int { parts.lexicon.count }
  /// The end of the ids without those that were added to the vocabulary: the highest plus one.
  public var ownIDEnd: Int { parts.lexicon.vocabulary.idEnd }
  public func id(of token: String) -> Int? { parts.lexicon.id(token) }
  public func token(of id: Int) -> String? { parts.lexicon.text(id) }
  /// Whether the id is that of a special token, which decoding may leave out.
  public func isSpecial(_ id: Int) -> Bool { parts.lexicon.added[id]?.isSpecial ?? false }

  /// Encodes one text, or two that belong together.
  /// - Throws: `.malformed` when the text needs the unknown token and there is none; `.limitExceeded` when a pattern
  ///   of the file takes too many steps.
  public func encode(
    _ text: String, pair: String? = nil, addSpecialTokens: Bool = true,
    truncation: Truncation? = nil
  ) throws -> Encoding {
    var encodings = [try pipeline.encode(text, typeID: 0)]
    if let pair { encodings.append(try pipeline.encode(pair, typeID: 1)) }
    if let truncation {
      let added = addSpecialTokens ? parts.postProcessor?.addedCount(isPair: pair != nil) ?? 0 : 0
      try truncation.apply(to: &encodings, reserving: added)
    }
    parts.postProcessor?.process(&encodings, addSpecialTokens: addSpecialTokens)
    var result = encodings[0]
    for other in encodings.dropFirst() { result.append(other) }
    return result
  }

  /// Encodes texts and fills them up to the same length, where padding is given.
  public func encode(
    batch texts: [String], addSpecialTokens: Bool = true, truncation: Truncation? = nil,
    padding: Padding? = nil
  ) throws -> [Encoding] {
    var encodings = try texts.map {
      try encode($0, addSpecialTokens: addSpecialTokens, truncation: truncation)
    }
    padding?.apply(to: &encodings)
    return encodings
  }

  /// The text of `ids`; ids that no token has are passed over.
  public func decode(_ ids: some Sequence<Int>, skipSpecialTokens: Bool = true) throws -> String {
    let tokens = ids.compactMap { id in
      skipSpecialTokens && isSpecial(id) ? nil : token(of: id)
    }
    guard let decoder = parts.decoder else { return tokens.joined(separator: " ") }
    return try decoder.decode(tokens).joined()
  }
}

/// The ids of tokens that have a role.
public struct SpecialTokens: Sendable, Equatable {
  /// Begins a text.
  public var bos: Int?
  /// Ends a text.
  public var eos: Int?
  public var pad: Int?
  public var unknown: Int?
  /// Stands for a token to be guessed.
  public var mask: Int?
  /// Stands for the whole text.
  public var cls: Int?
  /// Stands between texts.
  public var sep: Int?

  public init() {}
}
