/// What cuts a normalised text into words.
protocol PreTokenizer: Sendable {
  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) throws
}

/// A text in pieces: parts of the texts that normalizing left, or tokens that were found in it.
struct SplitText {
  struct Piece {
    var text: Int
    var range: Range<Int>
    /// The added token that this is, or −1.
    var token = -1
  }

  var texts: [NormalizedText] = []
  var pieces: [Piece] = []

  /// Cuts each piece that is no token at what `cut` gives; empty parts vanish.
  mutating func cut(
    _ cut: (_ bytes: [UInt8], _ range: Range<Int>, _ into: inout [Range<Int>]) throws -> Void
  ) rethrows {
    var new: [Piece] = []
    new.reserveCapacity(pieces.count * 4)
    var ranges: [Range<Int>] = []
    for piece in pieces {
      if piece.token >= 0 {
        new.append(piece)
        continue
      }
      ranges.removeAll(keepingCapacity: true)
      try cut(texts[piece.text].bytes, piece.range, &ranges)
      for range in ranges where !range.isEmpty { new.append(Piece(text: piece.text, range: range)) }
    }
    pieces = new
  }

  /// Rewrites each piece that is no token; `body` gets where it begins in the original text.
  mutating func rewrite(
    _ isNeeded: (_ bytes: [UInt8], _ range: Range<Int>, _ start: Int) -> Bool = { _, _, _ in true },
    _ body: (inout ScalarText, _ start: Int) throws -> Void
  ) rethrows {
    for i in pieces.indices where pieces[i].token < 0 {
      let (place, range) = (pieces[i].text, pieces[i].range)
      let start = range.isEmpty ? 0 : texts[place].start(range.lowerBound)
      guard isNeeded(texts[place].bytes, range, start) else { continue }
      var scalars = ScalarText(texts[place], in: range)
      try body(&scalars, start)
      texts.append(scalars.utf8)
      pieces[i].text = texts.count - 1
      pieces[i].range = 0..<texts[texts.count - 1].bytes.count
    }
  }
}

struct SequencePreTokenizer: PreTokenizer {
  let parts: [any PreTokenizer]

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) throws {
    for part in parts { try part.split(&text, &memory) }
  }
}

/// What becomes of the places where a text is cut.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// Adds the parts that a text of alternating matches and rests is cut into.
  func append(
    _ parts: [(range: Range<Int>, isMatch: Bool)], to ranges: inout [Range<Int>]
  ) {
    switch self {
    case .removed: for part in parts where !part.isMatch { ranges.append(part.range) }
    case .isolated: for part in parts { ranges.append(part.range) }
    case .contiguous: join(parts, to: &ranges) { $0 == $1 }
    case .mergedWithPrevious: join(parts, to: &ranges) { $0 && !$1 }
    case .mergedWithNext:
      var joined: [Range<Int>] = []
      var wasMatch = false
      for part in parts.reversed() {
        if part.isMatch, !wasMatch, let last = joined.last {
          joined[joined.count - 1] = part.range.lowerBound..<last.upperBound
        } else {
          joined.append(part.range)
        }
        wasMatch = part.isMatch
      }
      ranges += joined.reversed()
    }
  }

  private func join(
    _ parts: [(range: Range<Int>, isMatch: Bool)], to ranges: inout [Range<Int>],
    when joins: (_ isMatch: Bool, _ wasMatch: Bool) -> Bool
  ) {
    let first = ranges.count
    var wasMatch = false
    for part in parts {
      if joins(part.isMatch, wasMatch), ranges.count > first {
        let last = ranges[ranges.count - 1]
        ranges[ranges.count - 1] = last.lowerBound..<part.range.upperBound
      } else {
        ranges.append(part.range)
      }
      wasMatch = part.isMatch
    }
  }
}
