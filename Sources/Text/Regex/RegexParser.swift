import BinaryIO

/// Reads patterns in the syntax that the library's engine takes (Oniguruma with Ruby's syntax).
///
/// Groups capture nothing here. Back references, conditionals and the like are refused by name.
struct RegexParser {
  private let text: [UInt32]
  private var at = 0
  private var depth = 0
  private var ignoresCase = false
  private var dotMatchesAll = false
  private var isExtended = false

  /// - Throws: `.malformed` with the place, `.unsupported` for what we do not do.
  static func parse(_ pattern: String) throws -> RegexNode {
    guard pattern.utf8.count <= 1 << 16 else {
      throw DataError(.limitExceeded, "a pattern of \(pattern.utf8.count) bytes")
    }
    var parser = RegexParser(text: UTF8Text.scalars(pattern))
    do {
      let node = try parser.alternatives()
      if parser.at < parser.text.count { throw parser.error("an unmatched ')'") }
      return node
    } catch let error as DataError {
      throw error.about("pattern '\(pattern.prefix(120))'")
    }
  }

  private init(text: [UInt32]) { self.text = text }

  private mutating func alternatives() throws -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 100 else { throw DataError(.limitExceeded, "groups nested too deep") }
    let flags = (ignoresCase, dotMatchesAll, isExtended)
    defer { (ignoresCase, dotMatchesAll, isExtended) = flags }
    var branches: [RegexNode] = []
    repeat { branches.append(try sequence()) } while take("|")
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws -> RegexNode {
    var parts: [RegexNode] = []
    while at < text.count, peek != "|", peek != ")" {
      if isExtended, skipComment() { continue }
      guard let atom = try atom() else { continue }
      parts.append(try quantified(atom))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func quantified(_ atom: RegexNode) throws -> RegexNode {
    var node = atom
    while at < text.count {
      let start = at
      guard let (least, most, isBraces) = try quantifier() else { break }
      if let most, most < least { throw error("a repetition of \(least) to \(most)", at: start) }
      var greed = RegexNode.Greed.greedy
      if take("?") { greed = .lazy } else if !isBraces, take("+") { greed = .possessive }
      node = .repeated(node, least: least, most: most, greed)
    }
    return node
  }

  private mutating func quantifier() throws -> (Int, Int?, isBraces: Bool)? {
    switch peek {
    case "*": at += 1; return (0, nil, false)
    case "+": at += 1; return (1, nil, false)
    case "?": at += 1; return (0, 1, false)
    case "{":
      let start = at
      at += 1
      let least = number()
      var most = least
      if take(",") { most = number() } else if least == nil { at = start; return nil }
      guard take("}"), least != nil || most != nil else { at = start; return nil }
      guard (least ?? 0) <= 1000, (most ?? 0) <= 1000 else {
        throw DataError(.limitExceeded, "a repetition of more than 1000")
      }
      return (least ?? 0, most, true)
    default: return nil
    }
  }

  private mutating func number() -> Int? {
    var value: Int?
    while at < text.count, (0x30...0x39).contains(text[at]), (value ?? 0) < 100_000 {
      value = (value ?? 0) * 10 + Int(text[at] - 0x30)
      at += 1
    }
    return value
  }

  private mutating func atom() throws -> RegexNode? {
    // A '{' that begins no repetition stands for itself, and so do the other signs
    switch peek {
    case "(": return try group()
    case "[":
      at += 1
      return .set(cased(try RegexClass.parse(text, &at, ignoringCase: ignoresCase)))
    case ".":
      at += 1
      return .set(dotMatchesAll ? .all : ScalarRanges([0x0A]).inverted)
    case "^": at += 1; return .assertion(.lineStart)
    case "$": at += 1; return .assertion(.lineEnd)
    case "*", "+", "?": throw error("a repetition of nothing")
    case "\\": return try escape()
    default:
      defer { at += 1 }
      return .set(cased(ScalarRanges([text[at]])))
    }
  }

  private func cased(_ set: ScalarRanges) -> ScalarRanges { ignoresCase ? set.ignoringCase : set }

  private mutating func group() throws -> RegexNode? {
    at += 1
    guard take("?") else { return try closed { try $0.alternatives() } }
    switch peek {
    case ":": at += 1; return try closed { try $0.alternatives() }
    case "=": at += 1; return .lookahead(try closed { try $0.alternatives() }, negated: false)
    case "!": at += 1; return .lookahead(try closed { try $0.alternatives() }, negated: true)
    case ">": at += 1; return .atomic(try closed { try $0.alternatives() })
    case "#":
      while at < text.count, peek != ")" { at += 1 }
      guard take(")") else { throw error("a comment that does not end") }
      return nil
    case "<":
      at += 1
      if take("=") {
        return .lookbehind(try closed { try $0.alternatives() }, negated: false)
      }
      if take("!") {
        return .lookbehind(try closed { try $0.alternatives() }, negated: true)
      }
      while at < text.count, peek != ">" { at += 1 }
      guard take(">") else { throw error("a group's name that does not end") }
      return try closed { try $0.alternatives() }
    default: return try options()
    }
  }

  private mutating func closed(_ body: (inout RegexParser) throws -> RegexNode) throws -> RegexNode
  {
    let node = try body(&self)
    guard take(")") else { throw error("a group that does not end") }
    return node
  }

  /// `(?i)` for the rest of the group, or `(?i:…)`.
  private mutating func options() throws -> RegexNode {
    let flags = (ignoresCase, dotMatchesAll, isExtended)
    var value = true
    while at < text.count {
      switch peek {
      case "-": value = false
      case "i": ignoresCase = value
      case "m": dotMatchesAll = value
      case "x": isExtended = value
      case ":":
        at += 1
        let node = try closed { try $0.alternatives() }
        (ignoresCase, dotMatchesAll, isExtended) = flags
        return node
      case ")":
        // The rest of the group, its alternatives too, belongs to the options
        at += 1
        let rest = try alternatives()
        (ignoresCase, dotMatchesAll, isExtended) = flags
        return rest
      default:
        throw DataError(.unsupported, "the group '(?\(UTF8Text.string([text[at]]))'", offset: at)
      }
      at += 1
    }
    throw error("a group that does not end")
  }

  private mutating func escape() throws -> RegexNode {
    guard at + 1 < text.count else { throw error("a '\\' at the end") }
    switch Unicode.Scalar(text[at + 1]) {
    case "A": at += 2; return .assertion(.textStart)
    case "z": at += 2; return .assertion(.textEnd)
    case "Z": at += 2; return .assertion(.textEndOrLastLine)
    case "b": at += 2; return .assertion(.wordBoundary)
    case "B": at += 2; return .assertion(.noWordBoundary)
    case "R":
      at += 2
      let pair = RegexNode.sequence([.set(ScalarRanges([0x0D])), .set(ScalarRanges([0x0A]))])
      let one = ScalarRanges([0x0A..<0x0E, 0x85..<0x86, 0x2028..<0x202A])
      return .atomic(.alternatives([pair, .set(one)]))
    case "1", "2", "3", "4", "5", "6", "7", "8", "9", "k", "g", "K", "G", "X":
      throw DataError(
        .unsupported, "'\\\(UTF8Text.string([text[at + 1]]))' in a pattern", offset: at)
    default: return .set(cased(try RegexClass.escape(text, &at)))
    }
  }

  private mutating func skipComment() -> Bool {
    if ScalarProperties.isSpace(text[at]) {
      at += 1
      return true
    }
    guard peek == "#" else { return false }
    while at < text.count, text[at] != 0x0A { at += 1 }
    return true
  }

  private var peek: Unicode.Scalar? { at < text.count ? Unicode.Scalar(text[at]) : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    at += 1
    return true
  }

  private func error(_ found: String, at place: Int? = nil) -> DataError {
    DataError(.malformed, found, expected: "a regular expression", offset: place ?? at)
  }
}
