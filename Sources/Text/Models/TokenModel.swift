import BinaryIO

/// What takes a word apart into tokens.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// Whether the tokens of a word are the same wherever it stands.
  var canRemember: Bool { get }
  /// Appends the tokens of the bytes in `range`, with their places in `bytes`.
  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout TokenBuffer,
    _ memory: inout WorkingMemory
  ) throws
}

/// What encoding needs and keeps from one text to the next.
struct WorkingMemory: Sendable {
  var cache = WordCache()
  var symbols = SymbolList()
  var tokens = TokenBuffer()
  var bytes: [UInt8] = []
  var lattice: [LatticeNode] = []
  var regex = RegexMemory()
}

extension TokenModel {
  var canRemember: Bool { true }

  /// The same with the words that came before remembered.
  @inline(__always)
  func tokenizeRemembering(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout TokenBuffer,
    _ memory: inout WorkingMemory
  ) throws {
    guard range.count <= WordCache.longestWord, canRemember else {
      return try tokenize(bytes, range, into: &tokens, &memory)
    }
    let hash = Hashing.hash(bytes, range)
    if memory.cache.append(bytes, range, hash: hash, to: &tokens) { return }
    let first = tokens.count
    let names = tokens.names.count
    try tokenize(bytes, range, into: &tokens, &memory)
    if tokens.names.count == names, tokens.count - first < 1 << 16 {
      memory.cache.insert(bytes, range, hash: hash, tokens, from: first)
    }
  }

  func missingUnknown(_ token: String?) -> DataError {
    DataError(
      .malformed,
      token.map { "the unknown token '\($0)' is not in the vocabulary" }
        ?? "the vocabulary has no unknown token, and the text needs it", subject: "model")
  }
}
