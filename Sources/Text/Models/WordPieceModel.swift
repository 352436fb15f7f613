import BinaryIO

/// WordPiece: the longest token that fits, again and again; a word that leaves a rest is unknown as a whole.
///
/// - Source: Devlin et al., "BERT"; the algorithm of its `wordpiece tokenizer`.
final class WordPieceModel: TokenModel {
  let vocabulary: Vocabulary
  let unknown: String
  private let trie: ByteTrie
  private let continuing: UInt32?
  private let longestWord: Int

  init(vocabulary: Vocabulary, unknown: String, prefix: String, longestWord: Int) {
    self.vocabulary = vocabulary
    self.unknown = unknown
    self.longestWord = longestWord
    var trie = ByteTrie(capacity: vocabulary.count * 3)
    vocabulary.forEach { token, id in trie.insert(token, value: id) }
    continuing = trie.node(prefix.utf8)
    self.trie = trie
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout TokenBuffer,
    _ memory: inout WorkingMemory
  ) throws {
    let first = tokens.count
    var scalars = 0
    for i in range where bytes[i] & 0xC0 != 0x80 { scalars += 1 }
    var at = range.lowerBound
    var isWhole = scalars <= longestWord
    while isWhole, at < range.upperBound {
      let start = at == range.lowerBound ? ByteTrie.root : continuing
      guard let start, let found = trie.longest(in: bytes, at..<range.upperBound, from: start)
      else {
        isWhole = false
        break
      }
      tokens.append(UInt32(found.value), at, found.end)
      at = found.end
    }
    guard !isWhole else { return }
    guard let id = vocabulary.id(of: unknown) else { throw missingUnknown(unknown) }
    let extra = tokens.count - first
    tokens.ids.removeLast(extra)
    tokens.starts.removeLast(extra)
    tokens.ends.removeLast(extra)
    tokens.append(UInt32(id), range.lowerBound, range.upperBound)
  }
}

/// WordLevel: a word is a token, or unknown.
final class WordLevelModel: TokenModel {
  let vocabulary: Vocabulary
  let unknown: String

  init(vocabulary: Vocabulary, unknown: String) {
    self.vocabulary = vocabulary
    self.unknown = unknown
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout TokenBuffer,
    _ memory: inout WorkingMemory
  ) throws {
    guard let id = vocabulary.id(of: bytes, range) ?? vocabulary.id(of: unknown) else {
      throw missingUnknown(unknown)
    }
    tokens.append(UInt32(id), range.lowerBound, range.upperBound)
  }
}
