/// Decodes ids one after the other, and gives text as soon as later tokens cannot change it.
///
/// All that it gives, joined, is what decoding all ids at once gives, as long as the tokenizer's decoder works from left
/// to right and looks no further back than one piece of text.
public struct IncrementalDecoder: Sendable {
  /// Tokens after which a broken character is taken for what it is.
  private static let longestWait = 64

  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// Ids of a piece of text that has been given, which decoders look back at, and those since.
  private var ids: [Int] = []
  /// How many of `ids` are the piece before.
  private var contextCount = 0
  /// How many bytes of their text have been given.
  private var givenCount = 0

  public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skipSpecialTokens
  }

  /// Takes one id more, and gives the text that is certain now; empty when it depends on what follows.
  public mutating func append(_ id: Int) throws -> String {
    ids.append(id)
    let text = try decoded()
    // A character that is not complete yet shows as U+FFFD
    let certain =
      ids.count - contextCount < IncrementalDecoder.longestWait
      ? text.unicodeScalars.reversed().drop { $0 == "\u{FFFD}" }.reduce(0) { $0 + $1.utf8.count }
      : text.utf8.count
    let new = take(text, upTo: certain)
    if certain == text.utf8.count, !new.isEmpty {
      ids.removeFirst(contextCount)
      contextCount = ids.count
      givenCount = try decoded().utf8.count
    }
    return new
  }

  /// The rest, when no id follows.
  public mutating func finish() throws -> String {
    let text = try decoded()
    return take(text, upTo: text.utf8.count)
  }

  private func decoded() throws -> String {
    try tokenizer.decode(ids, skipSpecialTokens: skipsSpecialTokens)
  }

  private mutating func take(_ text: String, upTo end: Int) -> String {
    guard end > givenCount else { return "" }
    defer { givenCount = end }
    return UTF8Text.string(Array(text.utf8)[givenCount..<end])
  }
}
