import BinaryIO

/// The best way to a place in the text.
struct LatticeNode: Sendable {
  var score: Double
  var start: Int32
  var id: Int32
}

/// Unigram: of all ways to cut a text into tokens, the one with the greatest sum of scores (Viterbi).
///
/// - Source: Kudo, "Subword Regularization"; sentencepiece's `unigram_model.cc` for the unknown's score.
final class UnigramModel: TokenModel {
  let vocabulary: Vocabulary
  private let scores: [Double]
  private let unknownID: Int?
  private let unknownScore: Double
  private let trie: ByteTrie
  /// The ids of `<0x00>` … `<0xFF>`, when bytes may stand for what is unknown.
  private let byteIDs: [Int?]

  init(vocabulary: Vocabulary, scores: [Double], unknownID: Int?, fallsBackToBytes: Bool) {
    self.vocabulary = vocabulary
    self.scores = scores
    self.unknownID = unknownID
    unknownScore = (scores.min() ?? 0) - 10
    var trie = ByteTrie(capacity: vocabulary.count * 3)
    vocabulary.forEach { token, id in trie.insert(token, value: id) }
    self.trie = trie
    byteIDs =
      fallsBackToBytes
      ? (0..<256).map { vocabulary.id(of: ByteFallback.name(UInt8($0))) }
      : [Int?](repeating: nil, count: 256)
  }

  func tokenize(
    _ bytes: [UInt8], _ range: Range<Int>, into tokens: inout TokenBuffer,
    _ memory: inout WorkingMemory
  ) throws {
    try fill(&memory.lattice, bytes, range)
    // Backwards: the ends of the pieces, unknown neighbours joined
    var pieces: [(start: Int, id: Int)] = []
    var (end, wasUnknown) = (range.count, false)
    while end > 0 {
      let node = memory.lattice[end]
      let isUnknown = Int(node.id) == unknownID
      if isUnknown, wasUnknown {
        pieces[pieces.count - 1].start = Int(node.start)
      } else {
        pieces.append((Int(node.start), Int(node.id)))
      }
      wasUnknown = isUnknown
      end = Int(node.start)
    }
    for (i, piece) in pieces.enumerated().reversed() {
      let start = range.lowerBound + piece.start
      let end = range.lowerBound + (i == 0 ? range.count : pieces[i - 1].start)
      try append(piece.id, bytes, start..<end, to: &tokens)
    }
  }

  private func fill(_ lattice: inout [LatticeNode], _ bytes: [UInt8], _ range: Range<Int>) throws {
    lattice.removeAll(keepingCapacity: true)
    lattice += repeatElement(LatticeNode(score: 0, start: -1, id: 0), count: range.count + 1)
    var at = range.lowerBound
    while at < range.upperBound {
      let here = lattice[at - range.lowerBound].score
      let length = UTF8Text.length(bytes[at])
      var coversScalar = false
      var (node, end) = (ByteTrie.root, at)
      while end < range.upperBound, let next = trie.child(node, bytes[end]) {
        node = next
        end += 1
        let id = trie.value(node)
        guard id >= 0 else { continue }
        reach(&lattice[end - range.lowerBound], here + scores[id], at - range.lowerBound, id)
        if end - at == length { coversScalar = true }
      }
      if !coversScalar {
        guard let unknownID else { throw missingUnknown(nil) }
        let target = min(at + length, range.upperBound) - range.lowerBound
        reach(&lattice[target], here + unknownScore, at - range.lowerBound, unknownID)
      }
      at += length
    }
  }

  @inline(__always)
  private func reach(_ node: inout LatticeNode, _ score: Double, _ start: Int, _ id: Int) {
    guard node.start < 0 || score > node.score else { return }
    node = LatticeNode(score: score, start: Int32(start), id: Int32(id))
  }

  private func append(
    _ id: Int, _ bytes: [UInt8], _ range: Range<Int>, to tokens: inout TokenBuffer
  ) throws {
    guard id == unknownID else {
      return tokens.append(UInt32(id), range.lowerBound, range.upperBound)
    }
    if let known = vocabulary.id(of: bytes, range), known != unknownID {
      return tokens.append(UInt32(known), range.lowerBound, range.upperBound)
    }
    let ids = bytes[range].compactMap { byteIDs[Int($0)] }
    if ids.count == range.count {
      for id in ids { tokens.append(UInt32(id), range.lowerBound, range.upperBound) }
      return
    }
    tokens.names[tokens.count] = UTF8Text.string(bytes[range])
    tokens.append(UInt32(id), range.lowerBound, range.upperBound)
  }
}
