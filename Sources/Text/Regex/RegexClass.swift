import BinaryIO

/// Classes of characters: `[…]` with ranges, nesting, `&&` and `[:posix:]`, and escapes such as `\p{Lu}`.
enum RegexClass {
  /// The class whose `[` lies before `at`.
  static func parse(_ text: [UInt32], _ at: inout Int, ignoringCase: Bool, depth: Int = 0) throws
    -> ScalarRanges
  {
    guard depth < 50 else { throw DataError(.limitExceeded, "classes nested too deep") }
    let isNegated = take("^", text, &at)
    var parts: [Range<UInt32>] = []
    var result: ScalarRanges?
    var isFirst = true
    while true {
      guard at < text.count else {
        throw DataError(.malformed, "a class that does not end", offset: at)
      }
      if text[at] == UInt32(UInt8(ascii: "]")), !isFirst { break }
      isFirst = false
      if take("[", text, &at) {
        if let posix = try posix(text, &at) {
          parts += posix.ranges
        } else {
          parts += try parse(text, &at, ignoringCase: ignoringCase, depth: depth + 1).ranges
        }
      } else if text[at] == UInt32(UInt8(ascii: "&")), at + 1 < text.count,
        text[at + 1] == UInt32(UInt8(ascii: "&"))
      {
        at += 2
        result = (result ?? .all).intersection(ScalarRanges(parts))
        parts = []
      } else {
        parts += try member(text, &at).ranges
      }
    }
    at += 1
    var set = ScalarRanges(parts)
    if let result { set = result.intersection(set) }
    // Letters of both cases are outside a negated class too
    if ignoringCase { set = set.ignoringCase }
    return isNegated ? set.inverted : set
  }

  /// A scalar, a range of them, or an escape.
  private static func member(_ text: [UInt32], _ at: inout Int) throws -> ScalarRanges {
    let low = try single(text, &at)
    guard low.ranges.count == 1, low.ranges[0].count == 1, at + 1 < text.count,
      text[at] == UInt32(UInt8(ascii: "-")), text[at + 1] != UInt32(UInt8(ascii: "]")),
      text[at + 1] != UInt32(UInt8(ascii: "["))
    else { return low }
    let start = at
    at += 1
    let high = try single(text, &at)
    guard high.ranges.count == 1, high.ranges[0].count == 1 else {
      // `a-\w`: the sign stands for itself
      return low.union(high).union(ScalarRanges([UInt32(UInt8(ascii: "-"))]))
    }
    guard low.ranges[0].lowerBound < high.ranges[0].upperBound else {
      throw DataError(.malformed, "a range that runs backwards", offset: start)
    }
    return ScalarRanges([low.ranges[0].lowerBound..<high.ranges[0].upperBound])
  }

  private static func single(_ text: [UInt32], _ at: inout Int) throws -> ScalarRanges {
    if text[at] == UInt32(UInt8(ascii: "\\")) { return try escape(text, &at, isInClass: true) }
    defer { at += 1 }
    return ScalarRanges([text[at]])
  }

  private static func posix(_ text: [UInt32], _ at: inout Int) throws -> ScalarRanges? {
    guard at < text.count, text[at] == UInt32(UInt8(ascii: ":")) else { return nil }
    var end = at + 1
    while end < text.count, end < at + 16, text[end] != UInt32(UInt8(ascii: ":")) { end += 1 }
    guard end + 1 < text.count, text[end] == UInt32(UInt8(ascii: ":")),
      text[end + 1] == UInt32(UInt8(ascii: "]"))
    else { return nil }
    var name = UTF8Text.string(text[(at + 1)..<end])
    let isNegated = name.hasPrefix("^")
    if isNegated { name.removeFirst() }
    let set = try UnicodeClass.named(name)
    at = end + 2
    return isNegated ? set.inverted : set
  }

  /// The escape at `at`: a class, or a scalar that is written so.
  static func escape(_ text: [UInt32], _ at: inout Int, isInClass: Bool = false) throws
    -> ScalarRanges
  {
    guard at + 1 < text.count else {
      throw DataError(.malformed, "a '\\' at the end", offset: at)
    }
    let letter = text[at + 1]
    at += 2
    switch Unicode.Scalar(letter) {
    case "s": return UnicodeClass.space
    case "S": return UnicodeClass.space.inverted
    case "d": return try UnicodeClass.named("Nd")
    case "D": return try UnicodeClass.named("Nd").inverted
    case "w": return UnicodeClass.word
    case "W": return UnicodeClass.word.inverted
    case "h": return try UnicodeClass.named("xdigit")
    case "H": return try UnicodeClass.named("xdigit").inverted
    case "n": return ScalarRanges([0x0A])
    case "t": return ScalarRanges([0x09])
    case "r": return ScalarRanges([0x0D])
    case "f": return ScalarRanges([0x0C])
    case "v": return ScalarRanges([0x0B])
    case "a": return ScalarRanges([0x07])
    case "e": return ScalarRanges([0x1B])
    case "b" where isInClass: return ScalarRanges([0x08])
    case "0": return ScalarRanges([octal(text, &at)])
    case "x": return ScalarRanges([try hexadecimal(text, &at, digits: 2, braces: true)])
    case "u": return ScalarRanges([try hexadecimal(text, &at, digits: 4, braces: false)])
    case "p", "P":
      guard take("{", text, &at) else {
        throw DataError(.malformed, "a property without '{'", offset: at)
      }
      var isNegated = letter == UInt32(UInt8(ascii: "P"))
      if take("^", text, &at) { isNegated.toggle() }
      var end = at
      while end < text.count, end < at + 64, text[end] != UInt32(UInt8(ascii: "}")) { end += 1 }
      guard end < text.count, text[end] == UInt32(UInt8(ascii: "}")) else {
        throw DataError(.malformed, "a property whose name does not end", offset: at)
      }
      let set = try UnicodeClass.named(UTF8Text.string(text[at..<end]))
      at = end + 1
      return isNegated ? set.inverted : set
    default: return ScalarRanges([letter])
    }
  }

  private static func octal(_ text: [UInt32], _ at: inout Int) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<2 where at < text.count && (0x30...0x37).contains(text[at]) {
      value = value * 8 + text[at] - 0x30
      at += 1
    }
    return value
  }

  private static func hexadecimal(
    _ text: [UInt32], _ at: inout Int, digits: Int, braces: Bool
  ) throws -> UInt32 {
    let start = at
    let isBraced = braces && take("{", text, &at)
    var (value, count) = (UInt32(0), 0)
    while at < text.count, count < (isBraced ? 8 : digits),
      let digit =
        Unicode.Scalar(text[at])?.properties.numericType == .decimal
          || (0x41...0x46).contains(text[at]) || (0x61...0x66).contains(text[at])
        ? UInt32(UTF8Text.string([text[at]]), radix: 16) : nil
    {
      value = value << 4 | digit
      at += 1
      count += 1
    }
    guard count > 0, value < ScalarTable.limit, !isBraced || take("}", text, &at) else {
      throw DataError(.malformed, "a broken hexadecimal escape", offset: start)
    }
    return value
  }

  private static func take(_ scalar: Unicode.Scalar, _ text: [UInt32], _ at: inout Int) -> Bool {
    guard at < text.count, text[at] == scalar.value else { return false }
    at += 1
    return true
  }
}
