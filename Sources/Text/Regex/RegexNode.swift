/// A pattern as a tree.
indirect enum RegexNode: Sendable {
  enum Greed: Sendable { case greedy, lazy, possessive }

  enum Assertion: Int32, Sendable {
    case lineStart, lineEnd, textStart, textEnd, textEndOrLastLine, wordBoundary, noWordBoundary
  }

  case set(ScalarRanges)
  case sequence([RegexNode])
  case alternatives([RegexNode])
  case repeated(RegexNode, least: Int, most: Int?, Greed)
  case lookahead(RegexNode, negated: Bool)
  case lookbehind(RegexNode, negated: Bool)
  case atomic(RegexNode)
  case assertion(Assertion)

  /// How many scalars it can match.
  var width: (least: Int, most: Int?) {
    switch self {
    case .set: return (1, 1)
    case .sequence(let parts):
      return parts.reduce((0, 0)) { sum, part in
        let width = part.width
        return (sum.least + width.least, sum.most.flatMap { s in width.most.map { s + $0 } })
      }
    case .alternatives(let parts):
      let widths = parts.map(\.width)
      let most = widths.map(\.most)
      return (
        widths.map(\.least).min() ?? 0,
        most.contains(nil) ? nil : most.compactMap { $0 }.max() ?? 0
      )
    case .repeated(let part, let least, let most, _):
      let width = part.width
      let end = most.flatMap { most in width.most.map { $0.multipliedReportingOverflow(by: most) } }
      return (
        width.least.multipliedReportingOverflow(by: least).partialValue,
        end.flatMap { $0.overflow ? nil : $0.partialValue }
      )
    case .atomic(let part): return part.width
    case .lookahead, .lookbehind, .assertion: return (0, 0)
    }
  }

  /// The scalars that a match can begin with; nil when it may be empty.
  var first: ScalarRanges? {
    switch self {
    case .set(let set): return set
    case .sequence(let parts):
      var union = ScalarRanges.none
      for part in parts {
        switch part {
        case .lookahead, .lookbehind, .assertion: continue
        default: break
        }
        if let first = part.first { return union.union(first) }
        // What may be empty lets the next begin
        guard case .repeated(let inner, _, _, _) = part, let own = inner.first else { return nil }
        union = union.union(own)
      }
      return nil
    case .alternatives(let parts):
      var union = ScalarRanges.none
      for part in parts {
        guard let first = part.first else { return nil }
        union = union.union(first)
      }
      return union
    case .repeated(let part, let least, _, _): return least > 0 ? part.first : nil
    case .atomic(let part): return part.first
    case .lookahead, .lookbehind, .assertion: return nil
    }
  }
}
