import BinaryIO

/// A piece of a template, and the line that it begins on.
struct TemplateToken {
  enum Kind: Equatable {
    /// Text between the tags.
    case data(String)
    case variableBegin, variableEnd, blockBegin, blockEnd
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  var kind: Kind
  var line: Int
}

/// Cuts a template into text and the words inside its tags.
///
/// - Source: Jinja 3.1, with `trim_blocks` and `lstrip_blocks` set as Hugging Face's chat templates have them: the
///   newline after a block tag and the blanks before it on its line go; `-` takes all white space, `+` none.
struct TemplateLexer {
  private let text: [Unicode.Scalar]
  private var at = 0
  private var line = 1
  /// The place up to which lines are counted.
  private var counted = 0
  /// Whether what was read last ends a line.
  private var isLineStart = true
  private var tokens: [TemplateToken] = []

  /// - Throws: `.malformed` with the line for a tag, string or comment that does not end.
  static func tokens(of source: String) throws -> [TemplateToken] {
    var lexer = TemplateLexer(source)
    try lexer.read()
    return lexer.tokens
  }

  private init(_ source: String) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(source.utf8.count)
    var previous: Unicode.Scalar = " "
    for scalar in source.unicodeScalars {
      // Every way to end a line counts as one newline
      if scalar == "\r" {
        scalars.append("\n")
      } else if scalar != "\n" || previous != "\r" {
        scalars.append(scalar)
      }
      previous = scalar
    }
    if scalars.last == "\n" { scalars.removeLast() }
    text = scalars
  }

  private mutating func read() throws {
    while at < text.count {
      let start = at
      while at < text.count, !isOpening(at) { at += 1 }
      guard at < text.count else {
        add(data: text[start...])
        break
      }
      let kind = text[at + 1]
      let sign = scalar(at + 2)
      add(data: stripped(text[start..<at], sign, isVariable: kind == "{"))
      if kind == "#" {
        try skipComment()
      } else if kind == "%", let content = rawContent() {
        try readRaw(from: content)
      } else {
        add(kind == "{" ? .variableBegin : .blockBegin)
        at += sign == "-" || sign == "+" ? 3 : 2
        try readTag(isVariable: kind == "{")
      }
    }
    add(.end)
  }

  private mutating func countLines() {
    while counted < at {
      if text[counted] == "\n" { line += 1 }
      counted += 1
    }
  }

  // MARK: Text

  private func isOpening(_ index: Int) -> Bool {
    text[index] == "{" && index + 1 < text.count
      && (text[index + 1] == "{" || text[index + 1] == "%" || text[index + 1] == "#")
  }

  /// What a tag leaves of the text before it.
  private func stripped(
    _ data: ArraySlice<Unicode.Scalar>, _ sign: Unicode.Scalar?, isVariable: Bool
  ) -> ArraySlice<Unicode.Scalar> {
    if sign == "-" {
      return data.prefix(
        (data.lastIndex { !$0.isPythonSpace } ?? data.startIndex - 1) + 1
          - data.startIndex)
    }
    guard sign != "+", !isVariable else { return data }
    let newline = data.lastIndex(of: "\n")
    guard newline != nil || isLineStart else { return data }
    let lineStart = newline.map { $0 + 1 } ?? data.startIndex
    return data[lineStart...].allSatisfy(\.isPythonSpace) ? data[..<lineStart] : data
  }

  private mutating func add(data: ArraySlice<Unicode.Scalar>) {
    if !data.isEmpty { add(.data(String(scalars: data))) }
    countLines()
  }

  private mutating func add(_ kind: TemplateToken.Kind) {
    tokens.append(TemplateToken(kind: kind, line: line))
  }

  // MARK: Comments and raw text

  private mutating func skipComment() throws {
    let opening = line
    at += 2
    while at < text.count {
      if text[at] == "#", scalar(at + 1) == "}" {
        let sign = text[at - 1]
        at += 2
        skipAfterEnd(sign: sign, trimsNewline: true)
        return
      }
      at += 1
    }
    throw TemplateError.at(opening, "a comment without its end", expected: "#}")
  }

  /// Where the text after `{% raw %}` begins; nil when the tag is another.
  private func rawContent() -> Int? {
    guard let end = wordTag("raw", at: at) else { return nil }
    var next = end.next
    if end.sign == "-" { while next < text.count, text[next].isPythonSpace { next += 1 } }
    return next
  }

  private mutating func readRaw(from start: Int) throws {
    let opening = line
    at = start
    isLineStart = text[start - 1] == "\n"
    while at < text.count {
      if isOpening(at), let end = wordTag("endraw", at: at) {
        let sign = scalar(at + 2)
        add(data: stripped(text[start..<at], sign, isVariable: false))
        at = end.next
        skipAfterEnd(sign: end.sign, trimsNewline: true)
        return
      }
      at += 1
    }
    throw TemplateError.at(opening, "a raw block without its end", expected: "{% endraw %}")
  }

  /// A tag that consists of one word: where it ends, and the sign of its end.
  private func wordTag(
    _ word: String, at start: Int
  ) -> (next: Int, sign: Unicode.Scalar?)? {
    guard text[start] == "{", scalar(start + 1) == "%" else { return nil }
    var index = start + 2
    if scalar(index) == "-" || scalar(index) == "+" { index += 1 }
    while index < text.count, text[index].isPythonSpace { index += 1 }
    for letter in word.unicodeScalars {
      guard scalar(index) == letter else { return nil }
      index += 1
    }
    while index < text.count, text[index].isPythonSpace { index += 1 }
    var sign: Unicode.Scalar?
    if scalar(index) == "-" || scalar(index) == "+" {
      sign = scalar(index)
      index += 1
    }
    return scalar(index) == "%" && scalar(index + 1) == "}" ? (index + 2, sign) : nil
  }

  /// Skips what the end of a tag takes along; `at` is behind the tag.
  private mutating func skipAfterEnd(sign: Unicode.Scalar?, trimsNewline: Bool) {
    if sign == "-" {
      while at < text.count, text[at].isPythonSpace { at += 1 }
    } else if sign != "+", trimsNewline, scalar(at) == "\n" {
      at += 1
    }
    isLineStart = text[at - 1] == "\n"
    countLines()
  }

  // MARK: Inside a tag

  private mutating func readTag(isVariable: Bool) throws {
    let opening = line
    let ending: Unicode.Scalar = isVariable ? "}" : "%"
    var brackets: [Unicode.Scalar] = []
    while at < text.count {
      countLines()
      let current = text[at]
      if current.isPythonSpace {
        at += 1
        continue
      }
      if brackets.isEmpty, let length = endLength(ending, isVariable: isVariable) {
        add(isVariable ? .variableEnd : .blockEnd)
        let sign: Unicode.Scalar? = length == 3 ? current : nil
        at += length
        skipAfterEnd(sign: sign, trimsNewline: !isVariable)
        return
      }
      switch current {
      case "\"", "'": try readString(quote: current)
      case "0"..."9": try readNumber()
      case _ where current.isNameStart: readName()
      default: try readSymbol(&brackets)
      }
    }
    throw TemplateError.at(
      opening, "a tag without its end", expected: isVariable ? "}}" : "%}")
  }

  /// The length of the tag's end at this place, its sign included.
  private func endLength(_ ending: Unicode.Scalar, isVariable: Bool) -> Int? {
    if text[at] == ending, scalar(at + 1) == "}" { return 2 }
    let isSign = text[at] == "-" || text[at] == "+" && !isVariable
    return isSign && scalar(at + 1) == ending && scalar(at + 2) == "}" ? 3 : nil
  }

  private mutating func readName() {
    let start = at
    while at < text.count, text[at].isNameStart || ("0"..."9").contains(text[at]) { at += 1 }
    add(.name(String(scalars: text[start..<at])))
  }

  private mutating func readNumber() throws {
    let start = at
    func skipDigits(_ at: inout Int) {
      while at < text.count, ("0"..."9").contains(text[at]) || text[at] == "_" { at += 1 }
    }
    skipDigits(&at)
    var isWhole = true
    // After a dot, `items.0.1` are two places, not a fraction
    let isPlace = start > 0 && text[start - 1] == "."
    if !isPlace, scalar(at) == ".", let next = scalar(at + 1), ("0"..."9").contains(next) {
      isWhole = false
      at += 1
      skipDigits(&at)
    }
    if !isPlace, scalar(at) == "e" || scalar(at) == "E" {
      var end = at + 1
      if scalar(end) == "+" || scalar(end) == "-" { end += 1 }
      if let digit = scalar(end), ("0"..."9").contains(digit) {
        isWhole = false
        at = end
        skipDigits(&at)
      }
    }
    let digits = String(scalars: text[start..<at].filter { $0 != "_" })
    if isWhole, let value = Int(digits) {
      add(.integer(value))
    } else if !isWhole, let value = Double(digits) {
      add(.number(value))
    } else {
      throw TemplateError.at(line, "the number \(digits) is too large")
    }
  }

  private mutating func readString(quote: Unicode.Scalar) throws {
    let opening = line
    at += 1
    var value = String.UnicodeScalarView()
    while at < text.count, text[at] != quote {
      if text[at] == "\\", at + 1 < text.count {
        at += 1
        readEscape(into: &value)
      } else {
        value.append(text[at])
        at += 1
      }
    }
    guard at < text.count else {
      throw TemplateError.at(opening, "a string without its end", expected: String(quote))
    }
    at += 1
    tokens.append(TemplateToken(kind: .string(String(value)), line: opening))
  }

  /// What follows a backslash, as in Python's strings; an unknown escape stays as it is.
  private mutating func readEscape(into value: inout String.UnicodeScalarView) {
    let letter = text[at]
    at += 1
    let plain: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}",
      "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
    ]
    let digits: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
    if let scalar = plain[letter] {
      value.append(scalar)
    } else if letter == "\n" {
      // The line goes on
    } else if let count = digits[letter], at + count <= text.count,
      let code = UInt32(String(scalars: text[at..<(at + count)]), radix: 16),
      let scalar = Unicode.Scalar(code)
    {
      value.append(scalar)
      at += count
    } else if ("0"..."7").contains(letter) {
      var code = letter.value - 48
      for _ in 0..<2 {
        guard let next = scalar(at), ("0"..."7").contains(next) else { break }
        code = code * 8 + next.value - 48
        at += 1
      }
      value.append(Unicode.Scalar(code) ?? "\u{FFFD}")
    } else {
      value.append("\\")
      value.append(letter)
    }
  }

  private mutating func readSymbol(_ brackets: inout [Unicode.Scalar]) throws {
    let current = text[at]
    if let next = scalar(at + 1) {
      let pair = String(scalars: [current, next])
      if ["//", "**", "==", "!=", ">=", "<="].contains(pair) {
        add(.symbol(pair))
        at += 2
        return
      }
    }
    switch current {
    case "(", "[", "{": brackets.append(current)
    case ")", "]", "}":
      let opened: Unicode.Scalar = current == ")" ? "(" : current == "]" ? "[" : "{"
      guard brackets.popLast() == opened else {
        throw TemplateError.at(line, "'\(current)' closes nothing")
      }
    case "+", "-", "*", "/", "~", "%", ">", "<", "=", ".", ":", "|", ",": break
    default:
      throw TemplateError.at(line, "unexpected '\(current)'")
    }
    add(.symbol(String(current)))
    at += 1
  }

  private func scalar(_ index: Int) -> Unicode.Scalar? {
    index < text.count ? text[index] : nil
  }
}

extension Unicode.Scalar {
  /// White space as Python's `str.isspace` has it.
  var isPythonSpace: Bool {
    value < 0x80
      ? value == 0x20 || (0x09...0x0D).contains(value) || (0x1C...0x1F).contains(value)
      : properties.isWhitespace
  }

  var isNameStart: Bool {
    value < 0x80
      ? (0x61...0x7A).contains(value | 0x20) || value == 0x5F : properties.isXIDContinue
  }
}

extension String {
  init(scalars: some Sequence<Unicode.Scalar>) {
    self.init()
    unicodeScalars.append(contentsOf: scalars)
  }
}
