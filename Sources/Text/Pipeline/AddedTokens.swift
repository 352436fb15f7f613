/// A token that is found in the text itself, whatever the model.
public struct AddedToken: Sendable, Hashable {
  public var content: String
  /// Found only where no word goes on before or behind it.
  public var isSingleWord = false
  /// Takes the white space before it too.
  public var stripsLeft = false
  public var stripsRight = false
  /// Found in the normalised text, not in the original.
  public var isNormalized = true
  /// Left out of decoded text on demand.
  public var isSpecial = false

  public init(content: String) { self.content = content }
}

/// Finds added tokens: the longest that begins leftmost.
struct AddedTokenFinder: Sendable {
  private var trie = ByteTrie()
  private var tokens: [Int: AddedToken] = [:]

  var isEmpty: Bool { trie.isEmpty }

  mutating func insert(_ bytes: [UInt8], id: Int, _ token: AddedToken) {
    trie.insert(bytes, value: id)
    tokens[id] = token
  }

  /// The text in parts: rests with id −1, and tokens.
  func split(_ bytes: [UInt8]) -> [(range: Range<Int>, id: Int)] {
    var parts: [(range: Range<Int>, id: Int)] = []
    var (at, last) = (0, 0)
    while at < bytes.count {
      guard trie.begins(with: bytes[at]),
        let found = trie.longest(in: bytes, at..<bytes.count), let token = tokens[found.value]
      else {
        at += 1
        continue
      }
      var (start, end) = (at, found.end)
      at = found.end
      if token.isSingleWord, touchesWord(bytes, start, end) { continue }
      if token.stripsLeft { start = max(spaceStart(bytes, before: start), last) }
      if token.stripsRight { end = spaceEnd(bytes, from: end) }
      if last < start { parts.append((last..<start, -1)) }
      parts.append((start..<end, found.value))
      last = end
    }
    if last < bytes.count { parts.append((last..<bytes.count, -1)) }
    return parts
  }

  private func touchesWord(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Bool {
    let isWord = { ScalarProperties.shared.has($0, ScalarProperties.libraryWord) }
    return start > 0 && isWord(UTF8Text.decode(bytes, before: start).scalar)
      || end < bytes.count && isWord(UTF8Text.decode(bytes, end).scalar)
  }

  private func spaceStart(_ bytes: [UInt8], before end: Int) -> Int {
    var at = end
    while at > 0 {
      let (scalar, start) = UTF8Text.decode(bytes, before: at)
      guard ScalarProperties.isSpace(scalar) else { return at }
      at = start
    }
    return at
  }

  private func spaceEnd(_ bytes: [UInt8], from start: Int) -> Int {
    var at = start
    while at < bytes.count {
      let (scalar, next) = UTF8Text.decode(bytes, at)
      guard ScalarProperties.isSpace(scalar) else { return at }
      at = next
    }
    return at
  }
}
