/// Watches text as it is made for words that end it, wherever tokens cut them.
///
/// Text that may be the beginning of such a word is held back until it is known to be none.
struct StopWords: Sendable {
  private let words: [[UInt8]]
  private var held: [UInt8] = []

  init(_ words: [String]) { self.words = words.map { Array($0.utf8) }.filter { !$0.isEmpty } }

  /// Takes more text: what can be given out of all so far, and whether a word ended it.
  mutating func append(_ text: String) -> (text: String, isStopped: Bool) {
    guard !words.isEmpty else { return (text, false) }
    held += Array(text.utf8)
    if let start = firstWord {
      let given = String(decoding: held[..<start], as: UTF8.self)
      held = []
      return (given, true)
    }
    let kept = openEnd
    let given = String(decoding: held.dropLast(kept), as: UTF8.self)
    held = Array(held.suffix(kept))
    return (given, false)
  }

  /// What was held back, when no text follows.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  /// Where the first word begins.
  private var firstWord: Int? {
    held.indices.first { start in
      words.contains { held[start...].starts(with: $0) }
    }
  }

  /// The length of the longest end that may be a word's beginning.
  private var openEnd: Int {
    let longest = (words.map(\.count).max() ?? 1) - 1
    for length in stride(from: min(longest, held.count), to: 0, by: -1)
    where words.contains(where: { $0.count > length && $0.starts(with: held.suffix(length)) }) {
      return length
    }
    return 0
  }
}
