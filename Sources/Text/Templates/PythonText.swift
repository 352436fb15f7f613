import BinaryIO
import OrderedCollections

/// What Python's strings can do, by code points.
enum PythonText {
  enum Side { case both, left, right }

  /// Where `part` begins first in `text`, in bytes; nil when it does not occur.
  static func find(_ part: String, in text: String) -> Int? {
    ranges(of: part, in: text, limit: 1).first
  }

  /// Where `part` begins in `text`, in bytes, without overlap.
  static func ranges(of part: String, in text: String, limit: Int = .max) -> [Int] {
    let (part, text) = (Array(part.utf8), Array(text.utf8))
    guard let first = part.first else { return [0] }
    var found: [Int] = []
    var at = 0
    while at + part.count <= text.count, found.count < limit {
      if text[at] == first, text[at..<(at + part.count)] == part[...] {
        found.append(at)
        at += part.count
      } else {
        at += 1
      }
    }
    return found
  }

  static func stripped(_ text: String, _ characters: String?, _ side: Side) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var scalars = text.unicodeScalars[...]
    if side != .right { scalars = scalars.drop(while: goes) }
    if side != .left {
      while let last = scalars.last, goes(last) { scalars.removeLast() }
    }
    return String(scalars)
  }

  /// `text` with `part` replaced, at most `limit` times.
  static func replaced(
    _ text: String, _ part: String, _ other: String, limit: Int? = nil
  ) -> String {
    let limit = limit.map { $0 < 0 ? Int.max : $0 } ?? .max
    if part.isEmpty {
      var pieces = ""
      var count = 0
      for scalar in text.unicodeScalars {
        if count < limit { pieces += other }
        count += 1
        pieces.unicodeScalars.append(scalar)
      }
      return count < limit ? pieces + other : pieces
    }
    return split(text, part, limit: limit).joined(separator: other)
  }

  static func split(_ text: String, _ separator: String, limit: Int = .max) -> [String] {
    let bytes = Array(text.utf8)
    var pieces: [String] = []
    var start = 0
    for place in ranges(of: separator, in: text, limit: limit) {
      pieces.append(String(decoding: bytes[start..<place], as: UTF8.self))
      start = place + separator.utf8.count
    }
    return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
  }

  /// Split from the end.
  static func splitFromEnd(_ text: String, _ separator: String, limit: Int) -> [String] {
    let mirrored = split(reversed(text), reversed(separator), limit: limit)
    return mirrored.reversed().map { reversed($0) }
  }

  static func reversed(_ text: String) -> String { String(scalars: text.unicodeScalars.reversed()) }

  /// The words between white space.
  static func words(_ text: String, limit: Int = .max) -> [String] {
    var words: [String] = []
    var rest = text.unicodeScalars.drop(while: \.isPythonSpace)
    while !rest.isEmpty {
      if words.count == limit {
        words.append(stripped(String(rest), nil, .right))
        break
      }
      let end = rest.firstIndex(where: \.isPythonSpace) ?? rest.endIndex
      words.append(String(rest[..<end]))
      rest = rest[end...].drop(while: \.isPythonSpace)
    }
    return words
  }

  static func lines(_ text: String, keepsEnds: Bool = false) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var wasReturn = false
    for scalar in text.unicodeScalars {
      if wasReturn, scalar == "\n" {
        if keepsEnds, !lines.isEmpty { lines[lines.count - 1].unicodeScalars.append(scalar) }
        wasReturn = false
        continue
      }
      wasReturn = scalar == "\r"
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        if keepsEnds { line.append(scalar) }
        lines.append(String(line))
        line = String.UnicodeScalarView()
      default: line.append(scalar)
      }
    }
    return line.isEmpty ? lines : lines + [String(line)]
  }

  /// `str.title`: a capital wherever a letter follows something else.
  static func title(_ text: String) -> String {
    var result = ""
    var isInWord = false
    for scalar in text.unicodeScalars {
      result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }

  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping
      + String(scalars: text.unicodeScalars.dropFirst()).lowercased()
  }

  /// Jinja's `title`: a capital at the start and behind blanks, dashes and opening brackets.
  static func titled(_ text: String) -> String {
    var result = ""
    var isStart = true
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      result += isStart ? properties.uppercaseMapping : properties.lowercaseMapping
      isStart = scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
    }
    return result
  }

  static func padded(_ text: String, to width: Int, _ fill: String, _ side: Side) -> String {
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return text }
    // As Python has it: the odd blank goes left when the width is odd
    let left =
      switch side {
      case .left: missing
      case .right: 0
      case .both: missing / 2 + (missing & width & 1)
      }
    return String(repeating: fill, count: left) + text
      + String(repeating: fill, count: missing - left)
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&#34;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `'%s of %d' % values`
  static func formatted(_ format: String, _ values: [TemplateValue]) throws -> String {
    var result = ""
    var rest = values[...]
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var places = 6
      if scalars.first == "." {
        let digits = scalars.dropFirst().prefix { ("0"..."9").contains($0) }
        places = Int(String(digits)) ?? 0
        scalars = scalars.dropFirst(1 + digits.count)
      }
      let kind = scalars.popFirst()
      if kind == "%" {
        result += "%"
        continue
      }
      guard let value = rest.popFirst() else {
        throw DataError(.malformed, "too few values for the format '\(format)'")
      }
      switch (kind, value.wholeNumber, value.anyNumber) {
      case ("s", _, _): result += value.string
      case ("d", let number?, _), ("i", let number?, _): result += String(number)
      case ("x", let number?, _): result += String(number, radix: 16)
      case ("f", _, let number?): result += PythonNumber.fixed(number, places)
      default:
        throw DataError(
          .unsupported, "the format '\(format)' for \(value.kindName)", expected: "%s, %d, %x, %f")
      }
    }
    guard rest.isEmpty else {
      throw DataError(.malformed, "too many values for the format '\(format)'")
    }
    return result
  }

  /// `'{} of {name}'.format(…)`, without format specifications.
  static func formatted(_ format: String, _ call: TemplateCall) throws -> String {
    var result = ""
    var next = 0
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      if scalars.first == scalar {
        result.unicodeScalars.append(scalar)
        scalars.removeFirst()
        continue
      }
      guard scalar == "{", let end = scalars.firstIndex(of: "}") else {
        throw DataError(.malformed, "the format '\(format)' has a brace alone")
      }
      let name = String(scalars[..<end])
      scalars = scalars[scalars.index(after: end)...]
      let place = name.isEmpty ? next : Int(name) ?? -1
      let value =
        call.positional.indices.contains(place) ? call.positional[place] : call.named[name]
      next += name.isEmpty ? 1 : 0
      guard let value else {
        throw DataError(.malformed, "no value for {\(name)} of the format '\(format)'")
      }
      result += value.string
    }
    return result
  }
}
