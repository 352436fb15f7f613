/// Decodes ids one after the other, and gives text as soon as later tokens cannot change it.
///
/// The concatenation of all that it gives is what decoding all ids at once would give, as long as the decoder of the
/// tokenizer works from left to right.
public struct IncrementalDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// Ids that still matter: those of the last text given, which a decoder may look back at, and those since.
  private var ids: [Int] = []
  /// How many of `ids` have been given as text already.
  private var given = 0
  /// The text of those.
  private var givenText = ""
  private var hasGiven = false

  public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skipSpecialTokens
  }

  /// Takes one id more, and gives the text that is certain now; empty when it depends on what follows.
  public mutating func append(_ id: Int) throws -> String {
    ids.append(id)
    let text = try tokenizer.decode(ids, skipSpecialTokens: skipsSpecialTokens)
    // A cut character shows as U+FFFD; four bytes are the longest
    if text.unicodeScalars.last == "\u{FFFD}", ids.count - given < 8 { return "" }
    return try take(text)
  }

  /// The rest, when no id follows.
  public mutating func finish() throws -> String {
    let text = try tokenizer.decode(ids, skipSpecialTokens: skipsSpecialTokens)
    return try take(text)
  }

  private mutating func take(_ text: String) throws -> String {
    let all = Array(text.utf8)
    let before = Array(givenText.utf8)
    guard all.count > before.count, all.starts(with: before) else { return "" }
    let new = UTF8Text.string(all[before.count...])
    // Only what was new is kept as context for what follows
    ids.removeFirst(hasGiven ? given : 0)
    hasGiven = true
    given = ids.count
    givenText = try tokenizer.decode(ids, skipSpecialTokens: skipsSpecialTokens)
    return new
  }
}
