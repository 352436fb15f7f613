/// GPT-2's words, and bytes as letters.
struct ByteLevelPreTokenizer: PreTokenizer {
  /// - Source: GPT-2's `encoder.py`.
  static let pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  let addsPrefixSpace: Bool
  /// The cut into words; nil when others did that before.
  let words: SplitPreTokenizer?
  /// False when the model takes the bytes themselves.
  var spellsBytes = true

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) throws {
    if addsPrefixSpace {
      text.rewrite { bytes, range, _ in
        !range.isEmpty && bytes[range.lowerBound] != 0x20
      } _: { scalars, _ in
        scalars.prepend([0x20])
      }
    }
    try words?.split(&text, &memory)
    if spellsBytes { text.rewrite { scalars, _ in ByteLevelNormalizer.spell(&scalars) } }
  }
}

/// SentencePiece's words: spaces become a sign that begins a word.
struct MetaspacePreTokenizer: PreTokenizer {
  enum Prepending: String, Sendable { case always, never, first }

  let replacement: UInt32
  let prepending: Prepending
  let splits: Bool

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) {
    text.rewrite { scalars, start in
      let sign = replacement
      scalars.map { $0 == 0x20 ? sign : $0 }
      guard let first = scalars.scalars.first, first != sign else { return }
      if prepending == .always || (prepending == .first && start == 0) { scalars.prepend([sign]) }
    }
    guard splits else { return }
    ScalarSplit(kind: .one(replacement), behavior: .mergedWithNext).split(&text, &memory)
  }
}
