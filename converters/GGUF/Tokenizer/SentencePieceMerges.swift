/// SentencePiece's BPE has scores where `tokenizer.json` has merges; each can be made from the other.
enum SentencePieceMerges {
  /// Every way to put a token together from two others, the tokens of the highest score first.
  static func merges(tokens: [String], scores: [Float], kinds: [Int]) -> [(String, String)] {
    // Keys are bytes: as texts, letters with marks of their own would equal composed ones
    let ids = Dictionary(
      tokens.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    struct Merge {
      var left: String, right: String
      var score: Float
      var lengths: (Int, Int)
      var parts: (Int, Int)
    }
    var merges: [Merge] = []
    for (id, token) in tokens.enumerated() {
      let kind = kinds.isEmpty ? GGUFVocabulary.Kind.normal : kinds[id]
      let scalars = Array(token.unicodeScalars)
      guard kind == GGUFVocabulary.Kind.normal, (2...64).contains(scalars.count) else { continue }
      var own: [Merge] = []
      for cut in 1..<scalars.count {
        let (left, right) = (text(scalars[..<cut]), text(scalars[cut...]))
        guard let first = ids[Array(left.utf8)], let second = ids[Array(right.utf8)] else {
          continue
        }
        own.append(
          Merge(
            left: left, right: right, score: scores.isEmpty ? 0 : scores[id],
            lengths: (cut, scalars.count - cut), parts: (first, second)))
      }
      merges += own.sorted { $0.parts < $1.parts }
    }
    let order = merges.indices.sorted { a, b in
      let (left, right) = (merges[a], merges[b])
      if left.score != right.score { return left.score > right.score }
      if left.lengths != right.lengths { return left.lengths > right.lengths }
      return a < b
    }
    return order.map { (merges[$0].left, merges[$0].right) }
  }

  /// Scores that put tokens together in the order of the merges: the sooner, the higher.
  static func scores(tokens: [String], merges: [(String, String)]) -> [Float] {
    var ranks: [[UInt8]: Int] = [:]
    for (left, right) in merges {
      let whole = Array(left.utf8) + Array(right.utf8)
      if ranks[whole] == nil { ranks[whole] = ranks.count }
    }
    return tokens.map { Float(-(ranks[Array($0.utf8)] ?? ranks.count)) }
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}
