import BinaryIO

extension TemplateInterpreter {
  /// A method of a string.
  func method(_ name: String, _ text: String, _ call: TemplateCall) throws -> TemplateValue {
    let what = "'\(name)'"
    func first(_ parameter: String = "value") throws -> String {
      let value = try required(what, call.bind(what, parameter)[0])
      return try self.text(what, value) ?? ""
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      let side: PythonText.Side = name == "strip" ? .both : name == "lstrip" ? .left : .right
      let characters = try self.text(what, call.bind(what, "chars")[0])
      return .string(PythonText.stripped(text, characters, side))
    case "split", "rsplit": return try split(text, isFromEnd: name == "rsplit", call)
    case "splitlines":
      let keeps = try call.bind(what, "keepends")[0]?.isTrue ?? false
      return try .list(PythonText.lines(text, keepsEnds: keeps).map { .string($0) })
    case "startswith", "endswith": return .bool(try matchesEnd(text, name, call))
    case "replace":
      let arguments = try call.bind(what, "old", "new", "count")
      let old = try self.text(what, required(what, arguments[0])) ?? ""
      let new = try self.text(what, required(what, arguments[1])) ?? ""
      return .string(try replaced(text, old, new, try whole(what, arguments[2])))
    case "upper": return .string(text.uppercased())
    case "lower", "casefold": return .string(text.lowercased())
    case "title": return .string(PythonText.title(text))
    case "capitalize": return .string(PythonText.capitalized(text))
    case "swapcase":
      return .string(
        text.unicodeScalars.map {
          $0.properties.isUppercase
            ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
        }.joined())
    case "find", "rfind", "index", "count": return try search(text, name, call)
    case "join":
      let items = try elements(of: try required(what, call.bind(what, "iterable")[0]))
      let parts = try items.map { item in
        guard let part = item.text else {
          throw DataError(.malformed, "joins \(self.name(item))", expected: "strings")
        }
        return part
      }
      return .string(try joined(parts, text))
    case "format": return .string(try checked(PythonText.formatted(text, call)))
    case "zfill":
      let width = try width(what, call.bind(what, "width")[0])
      let isSigned = text.hasPrefix("-") || text.hasPrefix("+")
      let digits = isSigned ? String(scalars: text.unicodeScalars.dropFirst()) : text
      let sign = isSigned ? String(text.unicodeScalars.prefix(1)) : ""
      return .string(
        sign + PythonText.padded(digits, to: width - (isSigned ? 1 : 0), "0", .left))
    case "center", "ljust", "rjust":
      let arguments = try call.bind(what, "width", "fillchar")
      let side: PythonText.Side = name == "center" ? .both : name == "ljust" ? .right : .left
      let width = try width(what, arguments[0])
      let fill = try self.text(what, arguments[1]) ?? " "
      return .string(try checked(PythonText.padded(text, to: width, fill, side)))
    case "partition", "rpartition":
      return try partition(text, first(), isLast: name == "rpartition")
    case "removeprefix":
      let prefix = try first()
      return .string(
        text.utf8.starts(with: prefix.utf8)
          ? String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : text)
    case "removesuffix":
      let suffix = try first()
      return .string(
        !suffix.isEmpty && text.utf8.reversed().starts(with: suffix.utf8.reversed())
          ? String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self) : text)
    default:
      _ = try call.bind(what)
      return .bool(consists(text, of: name))
    }
  }

  func width(_ what: String, _ value: TemplateValue?) throws -> Int {
    let width = try whole(what, required(what, value)) ?? 0
    guard width <= 1 << 16 else { throw DataError(.limitExceeded, "\(what) to \(width) places") }
    return width
  }

  func replaced(_ text: String, _ old: String, _ new: String, _ count: Int?) throws -> String {
    let times = old.isEmpty ? text.utf8.count + 1 : text.utf8.count / old.utf8.count
    let (growth, overflow) = times.multipliedReportingOverflow(by: new.utf8.count)
    if overflow || growth > TemplateSequence.maximumWeight * 4 {
      throw DataError(.limitExceeded, "replaces into too large a text")
    }
    return try checked(PythonText.replaced(text, old, new, limit: count))
  }

  func joined(_ parts: [String], _ separator: String) throws -> String {
    let bytes = parts.reduce(separator.utf8.count * parts.count) { $0 + $1.utf8.count }
    guard bytes <= TemplateSequence.maximumWeight else {
      throw DataError(.limitExceeded, "joins into a text of \(bytes) bytes")
    }
    return try checked(parts.joined(separator: separator))
  }

  private func split(
    _ text: String, isFromEnd: Bool, _ call: TemplateCall
  ) throws -> TemplateValue {
    let arguments = try call.bind("'split'", "sep", "maxsplit")
    let limit = try whole("'split'", arguments[1]).map { $0 < 0 ? Int.max : $0 } ?? .max
    guard let separator = try self.text("'split'", arguments[0]) else {
      if isFromEnd {
        let words = PythonText.words(PythonText.reversed(text), limit: limit).reversed()
        return try .list(words.map { .string(PythonText.reversed($0)) })
      }
      return try .list(PythonText.words(text, limit: limit).map { .string($0) })
    }
    guard !separator.isEmpty else { throw DataError(.malformed, "splits at an empty string") }
    let parts =
      isFromEnd
      ? PythonText.splitFromEnd(text, separator, limit: limit)
      : PythonText.split(text, separator, limit: limit)
    return try .list(parts.map { .string($0) })
  }

  private func matchesEnd(
    _ text: String, _ name: String, _ call: TemplateCall
  ) throws -> Bool {
    let wanted = try required("'\(name)'", call.bind("'\(name)'", "prefix")[0])
    let choices = if case .tuple(let items) = wanted { items.items } else { [wanted] }
    return try choices.contains { choice in
      let part = try self.text("'\(name)'", choice) ?? ""
      return name == "startswith"
        ? text.utf8.starts(with: part.utf8)
        : text.utf8.reversed().starts(with: part.utf8.reversed())
    }
  }

  private func search(
    _ text: String, _ name: String, _ call: TemplateCall
  ) throws -> TemplateValue {
    let arguments = try call.bind("'\(name)'", "sub", "start", "end")
    let part = try self.text("'\(name)'", required("'\(name)'", arguments[0])) ?? ""
    let scalars = Array(text.unicodeScalars)
    func place(_ value: TemplateValue?, _ other: Int) throws -> Int {
      guard let bound = try whole("'\(name)'", value) else { return other }
      return min(max(bound < 0 ? bound + scalars.count : bound, 0), scalars.count)
    }
    let start = try place(arguments[1], 0)
    let end = max(start, try place(arguments[2], scalars.count))
    let window = String(scalars: scalars[start..<end])
    if name == "count" {
      return .integer(
        part.isEmpty ? end - start + 1 : PythonText.ranges(of: part, in: window).count)
    }
    let found: Int?
    if name == "rfind" {
      found = PythonText.find(PythonText.reversed(part), in: PythonText.reversed(window)).map {
        let before = PythonText.reversed(window).utf8.prefix($0)
        return end - start - String(decoding: before, as: UTF8.self).unicodeScalars.count
          - part.unicodeScalars.count
      }
    } else {
      found = PythonText.find(part, in: window).map {
        String(decoding: window.utf8.prefix($0), as: UTF8.self).unicodeScalars.count
      }
    }
    if found == nil, name == "index" {
      throw DataError(.malformed, "index: '\(part)' is not in the string")
    }
    return .integer(found.map { $0 + start } ?? -1)
  }

  private func partition(
    _ text: String, _ separator: String, isLast: Bool
  ) throws -> TemplateValue {
    guard !separator.isEmpty else { throw DataError(.malformed, "splits at an empty string") }
    let parts =
      isLast
      ? PythonText.splitFromEnd(text, separator, limit: 1)
      : PythonText.split(text, separator, limit: 1)
    let three =
      parts.count == 2
      ? [parts[0], separator, parts[1]] : isLast ? ["", "", text] : [text, "", ""]
    return try .tuple(three.map { .string($0) })
  }

  /// `isdigit` and its kin.
  private func consists(_ text: String, of name: String) -> Bool {
    let scalars = text.unicodeScalars
    func all(_ test: (Unicode.Scalar) -> Bool) -> Bool {
      !scalars.isEmpty && scalars.allSatisfy(test)
    }
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        true
      default: false
      }
    }
    func number(_ scalar: Unicode.Scalar) -> Unicode.NumericType? { scalar.properties.numericType }
    switch name {
    case "isdigit": return all { number($0) == .decimal || number($0) == .digit }
    case "isdecimal": return all { number($0) == .decimal }
    case "isnumeric": return all { number($0) != nil }
    case "isalpha": return all(isLetter)
    case "isalnum": return all { isLetter($0) || number($0) != nil }
    case "isspace": return all(\.isPythonSpace)
    case "isupper":
      return scalars.contains { $0.properties.isUppercase }
        && !scalars.contains { $0.properties.isLowercase }
    default:
      return scalars.contains { $0.properties.isLowercase }
        && !scalars.contains { $0.properties.isUppercase }
    }
  }
}
