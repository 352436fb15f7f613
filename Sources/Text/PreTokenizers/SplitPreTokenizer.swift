/// Cuts at the matches of a text or pattern.
struct SplitPreTokenizer: PreTokenizer {
  let finder: Finder
  let behavior: SplitBehavior
  let isInverted: Bool

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) throws {
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    try text.cut { bytes, range, ranges in
      if behavior == .isolated {
        // Matches and rests alike stay: nothing is to be looked at twice
        var last = range.lowerBound
        try finder.forEachMatch(in: bytes, range, &memory.regex) { match in
          if match.lowerBound > last { ranges.append(last..<match.lowerBound) }
          ranges.append(match)
          last = match.upperBound
        }
        if last < range.upperBound { ranges.append(last..<range.upperBound) }
        return
      }
      parts.removeAll(keepingCapacity: true)
      var last = range.lowerBound
      try finder.forEachMatch(in: bytes, range, &memory.regex) { match in
        if match.lowerBound > last { parts.append((last..<match.lowerBound, isInverted)) }
        parts.append((match, !isInverted))
        last = match.upperBound
      }
      if last < range.upperBound { parts.append((last..<range.upperBound, isInverted)) }
      behavior.append(parts, to: &ranges)
    }
  }
}

/// Cuts at single scalars of some kind.
struct ScalarSplit: PreTokenizer {
  enum Kind: Sendable, Equatable { case space, numeric, punctuation, one(UInt32) }

  let kind: Kind
  let behavior: SplitBehavior

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) {
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    text.cut { bytes, range, ranges in
      parts.removeAll(keepingCapacity: true)
      var (at, last) = (range.lowerBound, range.lowerBound)
      while at < range.upperBound {
        let (scalar, next) = UTF8Text.decode(bytes, at)
        if matches(scalar) {
          if last < at { parts.append((last..<at, false)) }
          parts.append((at..<next, true))
          last = next
        }
        at = next
      }
      if last < range.upperBound { parts.append((last..<range.upperBound, false)) }
      behavior.append(parts, to: &ranges)
    }
  }

  @inline(__always)
  private func matches(_ scalar: UInt32) -> Bool {
    switch kind {
    case .space: ScalarProperties.isSpace(scalar)
    case .numeric: ScalarProperties.shared.has(scalar, ScalarProperties.numeric)
    case .punctuation: ScalarProperties.shared.has(scalar, ScalarProperties.punctuation)
    case .one(let wanted): scalar == wanted
    }
  }
}

/// BERT's words: between white space, punctuation for itself.
struct BertPreTokenizer: PreTokenizer {
  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) {
    let properties = ScalarProperties.shared
    text.cut { bytes, range, ranges in
      var (at, start) = (range.lowerBound, range.lowerBound)
      while at < range.upperBound {
        let (scalar, next) = UTF8Text.decode(bytes, at)
        let isSpace = ScalarProperties.isSpace(scalar)
        if isSpace || properties.has(scalar, ScalarProperties.punctuation) {
          if start < at { ranges.append(start..<at) }
          if !isSpace { ranges.append(at..<next) }
          start = next
        }
        at = next
      }
      if start < range.upperBound { ranges.append(start..<range.upperBound) }
    }
  }
}

/// Words and runs of other signs: `\w+|[^\w\s]+`.
struct WhitespacePreTokenizer: PreTokenizer {
  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) {
    let properties = ScalarProperties.shared
    text.cut { bytes, range, ranges in
      // 0 white space, 1 word, 2 other
      var (at, start, kind) = (range.lowerBound, range.lowerBound, 0)
      while at < range.upperBound {
        let (scalar, next) = UTF8Text.decode(bytes, at)
        let new =
          properties.has(scalar, ScalarProperties.libraryWord)
          ? 1 : ScalarProperties.isSpace(scalar) ? 0 : 2
        if new != kind {
          if kind != 0 { ranges.append(start..<at) }
          (start, kind) = (at, new)
        }
        at = next
      }
      if kind != 0 { ranges.append(start..<range.upperBound) }
    }
  }
}

/// Pieces of a fixed number of scalars.
struct FixedLengthPreTokenizer: PreTokenizer {
  let length: Int

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) {
    text.cut { bytes, range, ranges in
      var (at, start, count) = (range.lowerBound, range.lowerBound, 0)
      while at < range.upperBound {
        at = UTF8Text.decode(bytes, at).next
        count += 1
        if count == length {
          ranges.append(start..<at)
          (start, count) = (at, 0)
        }
      }
      if start < range.upperBound { ranges.append(start..<range.upperBound) }
    }
  }
}

/// Cuts where the script changes; Han and the Japanese syllabaries are one, and spaces belong to any.
struct ScriptPreTokenizer: PreTokenizer {
  private static let han = Scripts.shared.index(of: "han") ?? 0
  private static let syllabaries = ["hiragana", "katakana"].map {
    Scripts.shared.index(of: $0) ?? 0
  }
  /// The library's table of scripts is older than its regular expressions' in these.
  private static let older: [UInt32: UInt16] = [
    0x0589: "common", 0x061C: "common", 0x0953: "devanagari", 0x0954: "devanagari", 0x30FC: "han",
  ].mapValues { Scripts.shared.index(of: $0) ?? 0 }

  func split(_ text: inout SplitText, _ memory: inout WorkingMemory) {
    let (scripts, properties) = (Scripts.shared, ScalarProperties.shared)
    let (han, syllabaries, older) = (Self.han, Self.syllabaries, Self.older)
    text.cut { bytes, range, ranges in
      var (at, start, last) = (range.lowerBound, -1, UInt16.max)
      while at < range.upperBound {
        let (scalar, next) = UTF8Text.decode(bytes, at)
        if !properties.has(scalar, ScalarProperties.anyScript) {
          var script = older[scalar] ?? scripts[scalar]
          if syllabaries.contains(script) { script = han }
          if script != last {
            if start >= 0 { ranges.append(start..<at) }
            start = at
          }
          last = script
        }
        at = next
      }
      if start >= 0 { ranges.append(start..<range.upperBound) }
    }
  }
}
