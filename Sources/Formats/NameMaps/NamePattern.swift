import BinaryIO

/// A form that tensor names have: text, numbers in braces, and a star for the rest.
///
/// `stages.{s-1}.conv{i}.*` matches `stages.0.conv3.weight` with `s` = 1, `i` = 3 and the rest `weight`. A number may be
/// scaled and shifted (`{2*i+1}`); the star may stand once, and stands for at least one character.
public struct NamePattern: Sendable, Hashable {
  enum Part: Sendable, Hashable {
    case text([UInt8])
    /// The number that is written is `scale * variable + shift`.
    case number(variable: String, scale: Int, shift: Int)
    case rest
  }

  /// The pattern as it was written.
  public let source: String
  let parts: [Part]

  /// - Throws: `.malformed` for braces that do not close and expressions that are none.
  public init(parsing source: String) throws {
    var parts: [Part] = []
    var text: [UInt8] = []
    var remaining = Array(source.utf8)[...]
    func flush() {
      if !text.isEmpty { parts.append(.text(text)) }
      text = []
    }
    while let byte = remaining.popFirst() {
      switch byte {
      case UInt8(ascii: "{"):
        guard let end = remaining.firstIndex(of: UInt8(ascii: "}")),
          let number = Self.number(String(decoding: remaining[..<end], as: UTF8.self))
        else {
          throw DataError(
            .malformed, "the name pattern '\(source)' has a brace that holds no number",
            expected: "a form such as {i}, {i-1} or {2*i+1}")
        }
        flush()
        if case .number = parts.last {
          throw DataError(.malformed, "the name pattern '\(source)' has two numbers side by side")
        }
        parts.append(number)
        remaining = remaining[(end + 1)...]
      case UInt8(ascii: "*"):
        guard !parts.contains(.rest) else {
          throw DataError(.malformed, "the name pattern '\(source)' has two stars")
        }
        flush()
        parts.append(.rest)
      default:
        text.append(byte)
      }
    }
    flush()
    guard !parts.isEmpty else { throw DataError(.malformed, "an empty name pattern") }
    self.source = source
    self.parts = parts
  }

  /// The variables in it, and `*` for the star.
  public var variables: Set<String> {
    Set(
      parts.compactMap {
        switch $0 {
        case .text: nil
        case .number(let variable, _, _): variable
        case .rest: "*"
        }
      })
  }

  /// `i`, `i+1`, `i-1`, `2*i`, `2*i+1`.
  private static func number(_ expression: String) -> Part? {
    var body = Substring(expression.filter { $0 != " " })
    var scale = 1
    if let times = body.firstIndex(of: "*") {
      guard let factor = Int(body[..<times]), (1...1_000).contains(factor) else { return nil }
      scale = factor
      body = body[body.index(after: times)...]
    }
    var shift = 0
    if let sign = body.firstIndex(where: { $0 == "+" || $0 == "-" }) {
      guard let amount = Int(body[sign...]), abs(amount) <= 1_000_000 else { return nil }
      shift = amount
      body = body[..<sign]
    }
    guard let first = body.first, first.isASCII, first.isLetter,
      body.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    else { return nil }
    return .number(variable: String(body), scale: scale, shift: shift)
  }
}

/// What a pattern's variables stand for in one name.
public struct NameBinding: Sendable, Hashable {
  public var numbers: [String: Int] = [:]
  public var rest: String?
  public init() {}
}

extension NamePattern {
  /// What the variables stand for when `name` has this form, or nil.
  public func match(_ name: String) -> NameBinding? {
    match(utf8: Array(name.utf8)[...])
  }

  func match(utf8 name: ArraySlice<UInt8>) -> NameBinding? {
    if case .text(let text)? = parts.first, !name.starts(with: text) { return nil }
    return match(name, parts[...], NameBinding())
  }

  /// The name in which the variables stand for that; nil when one is missing or a number would be negative.
  public func render(_ binding: NameBinding) -> String? {
    var name: [UInt8] = []
    for part in parts {
      switch part {
      case .text(let text): name += text
      case .number(let variable, let scale, let shift):
        guard let value = binding.numbers[variable] else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: scale)
        guard !overflow, product <= Int.max - 1_000_000, product + shift >= 0 else { return nil }
        name += String(product + shift).utf8
      case .rest:
        guard let rest = binding.rest else { return nil }
        name += rest.utf8
      }
    }
    return String(decoding: name, as: UTF8.self)
  }

  private func match(
    _ name: ArraySlice<UInt8>, _ parts: ArraySlice<Part>, _ binding: NameBinding
  ) -> NameBinding? {
    guard let part = parts.first else { return name.isEmpty ? binding : nil }
    let others = parts.dropFirst()
    switch part {
    case .text(let text):
      guard name.starts(with: text) else { return nil }
      return match(name.dropFirst(text.count), others, binding)
    case .number(let variable, let scale, let shift):
      let digits = name.prefix { $0 >= 0x30 && $0 <= 0x39 }
      guard !digits.isEmpty, digits.count <= 9, digits.count == 1 || digits.first != 0x30,
        let written = Int(String(decoding: digits, as: UTF8.self)),
        written >= shift, (written - shift) % scale == 0
      else { return nil }
      let value = (written - shift) / scale
      if let known = binding.numbers[variable], known != value { return nil }
      var extended = binding
      extended.numbers[variable] = value
      return match(name.dropFirst(digits.count), others, extended)
    case .rest:
      guard !name.isEmpty else { return nil }
      let lengths = others.isEmpty ? name.count...name.count : 1...name.count
      for length in lengths {
        // What follows the star is looked at first: a text there leaves few lengths to try.
        guard var found = match(name.dropFirst(length), others, binding),
          let rest = String(validating: name.prefix(length), as: UTF8.self)
        else { continue }
        found.rest = rest
        return found
      }
      return nil
    }
  }
}

extension NamePattern: ExpressibleByStringLiteral, CustomStringConvertible {
  /// A pattern that the program made up itself; traps when it is none.
  public init(stringLiteral source: String) { self.init(source) }

  /// A pattern that the program made up itself; traps when it is none.
  public init(_ source: String) {
    guard let pattern = try? NamePattern(parsing: source) else {
      preconditionFailure("'\(source)' is no name pattern")
    }
    self = pattern
  }

  public var description: String { source }
}
