/// What is done with the tokens of one text or two before a model gets them.
protocol PostProcessor: Sendable {
  /// How many special tokens come to one text or two.
  func addedCount(isPair: Bool) -> Int
  func process(_ parts: inout [Encoding], addSpecialTokens: Bool)
}

struct SequencePostProcessor: PostProcessor {
  let parts: [any PostProcessor]

  func addedCount(isPair: Bool) -> Int { parts.reduce(0) { $0 + $1.addedCount(isPair: isPair) } }

  func process(_ encodings: inout [Encoding], addSpecialTokens: Bool) {
    for part in parts { part.process(&encodings, addSpecialTokens: addSpecialTokens) }
  }
}

/// Puts special tokens around texts.
struct TemplatePostProcessor: PostProcessor {
  enum Piece: Sendable {
    /// The first text or the second.
    case text(Int, typeID: Int)
    /// A token; the name where the vocabulary spells it otherwise.
    case special([(id: Int, name: String?)], typeID: Int)
  }

  let single: [Piece]
  let pair: [Piece]

  func addedCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { sum, piece in
      if case .special(let tokens, _) = piece { sum + tokens.count } else { sum }
    }
  }

  func process(_ parts: inout [Encoding], addSpecialTokens: Bool) {
    guard let first = parts.first else { return }
    let template = parts.count == 2 ? pair : single
    guard parts.count <= 2, first.overflowing.isEmpty || parts.count == 2 else {
      let overflowing = first.overflowing.map { apply(template, [$0], addSpecialTokens) }
      parts = [apply(template, parts, addSpecialTokens)]
      parts[0].overflowing = overflowing
      return
    }
    parts = [apply(template, parts, addSpecialTokens)]
  }

  private func apply(_ template: [Piece], _ parts: [Encoding], _ addSpecialTokens: Bool)
    -> Encoding
  {
    var result = Encoding(lexicon: parts[0].lexicon)
    for piece in template {
      switch piece {
      case .text(let index, let typeID):
        guard index < parts.count else { continue }
        let start = result.count
        result.append(parts[index])
        for i in start..<result.count { result.typeIDs[i] = typeID }
      case .special(let tokens, let typeID):
        guard addSpecialTokens else { continue }
        for token in tokens { result.appendSpecial(token.id, name: token.name, typeID: typeID) }
      }
    }
    return result
  }
}

/// Takes the white space that tokens carry out of their offsets.
struct TrimPostProcessor: PostProcessor {
  let addsPrefixSpace: Bool
  /// Spaces before and behind each token, by id.
  private let spaces: [Int: (leading: Int, trailing: Int)]

  init(addsPrefixSpace: Bool, lexicon: Lexicon) {
    self.addsPrefixSpace = addsPrefixSpace
    var spaces: [Int: (leading: Int, trailing: Int)] = [:]
    lexicon.vocabulary.forEach { token, id in
      // Only ASCII white space, 'Ġ' (C4 A0) and other scalars beyond ASCII can be meant
      guard let first = token.first, let last = token.last,
        first >= 0x80 || first <= 0x20 || last >= 0x80 || last <= 0x20
      else { return }
      let found = TrimPostProcessor.count(UTF8Text.string(token))
      if found.leading > 0 || found.trailing > 0 { spaces[id] = found }
    }
    for (id, token) in lexicon.added { spaces[id] = TrimPostProcessor.count(token.content) }
    self.spaces = spaces
  }

  private static func count(_ text: String) -> (leading: Int, trailing: Int) {
    let isBlank = { (scalar: UInt32) in scalar == 0x120 || ScalarProperties.isSpace(scalar) }
    let scalars = UTF8Text.scalars(text)
    return (
      scalars.prefix(while: isBlank).count, scalars.reversed().prefix(while: isBlank).count
    )
  }

  func addedCount(isPair: Bool) -> Int { 0 }

  func process(_ parts: inout [Encoding], addSpecialTokens: Bool) {
    for i in parts.indices {
      trim(&parts[i])
      for j in parts[i].overflowing.indices { trim(&parts[i].overflowing[j]) }
    }
  }

  private func trim(_ encoding: inout Encoding) {
    for i in encoding.ids.indices {
      let known = spaces[encoding.ids[i]]
      guard known != nil || !encoding.names.isEmpty else { continue }
      var (leading, trailing) = known ?? (0, 0)
      if let name = encoding.names[i] { (leading, trailing) = TrimPostProcessor.count(name) }
      var (start, end) = (encoding.offsets[i].lowerBound, encoding.offsets[i].upperBound)
      if leading > 0 {
        if i == 0 || start == 0, addsPrefixSpace { leading -= 1 }
        start = min(start + leading, end)
      }
      if trailing > 0, end >= trailing { end = max(end - trailing, start) }
      encoding.offsets[i] = start..<end
    }
  }
}
