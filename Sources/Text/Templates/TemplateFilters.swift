import BinaryIO
import OrderedCollections

/// Filters: `value | name(…)`.
///
/// - Source: Jinja 3.1's, without those that make HTML; `tojson` as Hugging Face has it.
extension TemplateInterpreter {
  func filter(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue {
    try charge(1 + value.weight / 64)
    switch name {
    case "default", "d":
      let arguments = try call.bind(name, "default_value", "boolean")
      let isMissing = value.isUndefined || (arguments[1]?.isTrue ?? false) && !value.isTrue
      return isMissing ? arguments[0] ?? .string("") : value
    case "tojson": return .string(try checked(json(value, call)))
    case "safe", "string", "forceescape", "escape", "e":
      _ = try call.bind(name)
      let isEscaped = name != "safe" && name != "string"
      return .string(isEscaped ? PythonText.escaped(value.string) : value.string)
    case "length", "count":
      _ = try call.bind(name)
      return .integer(try length(value))
    case "int", "float", "abs", "round": return try number(name, value, call)
    case "list":
      _ = try call.bind(name)
      return try .list(elements(of: value))
    case "attr":
      let attribute = try text(name, required(name, call.bind(name, "name")[0])) ?? ""
      return try self.attribute(attribute, of: value, isItemFirst: false)
    case "items":
      guard !value.isUndefined else { return try .iterator([]) }
      guard case .dictionary(let dictionary) = value else {
        throw DataError(.malformed, "'items' of \(self.name(value))", expected: "a mapping")
      }
      return try .iterator(dictionary.members.map { try .tuple([$0.key.value, $0.value]) })
    default:
      return try textFilter(name, value, call) ?? sequenceFilter(name, value, call)
    }
  }

  func length(_ value: TemplateValue) throws -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text): return text.unicodeScalars.count
    case .list(let items), .tuple(let items): return items.items.count
    case .dictionary(let dictionary): return dictionary.members.count
    default:
      throw DataError(
        .malformed, "the length of \(value.kindName)", expected: "a string, list or mapping")
    }
  }

  private func json(_ value: TemplateValue, _ call: TemplateCall) throws -> String {
    let arguments = try call.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys")
    let indent = try whole("tojson", arguments[1])
    guard (0...16).contains(indent ?? 0) else {
      throw DataError(.unsupported, "tojson with an indent of \(indent ?? 0)", expected: "0 to 16")
    }
    let separators = arguments[2]?.elements
    var style = TemplateJSONStyle(
      indent: indent, itemSeparator: try text("tojson", separators?.first),
      keySeparator: try text("tojson", separators?.last))
    style.isASCII = arguments[0]?.isTrue ?? false
    style.sortsKeys = arguments[3]?.isTrue ?? false
    return try value.json(style)
  }

  private func number(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue {
    if case .undefined(let what) = value {
      throw DataError(.malformed, "\(what) is undefined: no number")
    }
    switch name {
    case "int":
      let arguments = try call.bind(name, "default", "base")
      let base = try whole(name, arguments[1]) ?? 10
      guard (2...36).contains(base) else { throw DataError(.malformed, "int with base \(base)") }
      if let number = value.wholeNumber { return .integer(number) }
      if let number = value.anyNumber ?? value.text.flatMap({ Double(trimmed($0)) }),
        let whole = Int(exactly: number.rounded(.towardZero)), base == 10
      {
        return .integer(value.text.flatMap { Int(trimmed($0)) } ?? whole)
      }
      if let whole = value.text.flatMap({ Int(trimmed($0), radix: base) }) {
        return .integer(whole)
      }
      return arguments[0] ?? .integer(0)
    case "float":
      let other = try call.bind(name, "default")[0]
      let number = value.anyNumber ?? value.text.flatMap { Double(trimmed($0)) }
      return number.map { .number($0) } ?? other ?? .number(0)
    case "abs":
      _ = try call.bind(name)
      if let whole = value.wholeNumber, whole != .min { return .integer(abs(whole)) }
      if let number = value.anyNumber { return .number(number.magnitude) }
    default:
      let arguments = try call.bind(name, "precision", "method")
      let places = try whole(name, arguments[0]) ?? 0
      let method = try text(name, arguments[1]) ?? "common"
      guard (-22...22).contains(places), ["common", "ceil", "floor"].contains(method) else {
        throw DataError(
          .malformed, "round to \(places) places by '\(method)'",
          expected: "common, ceil or floor")
      }
      if let number = value.anyNumber {
        if method == "common" {
          let rounded = PythonNumber.rounded(number, places: places)
          return value.wholeNumber == nil ? .number(rounded) : .integer(Int(exactly: rounded) ?? 0)
        }
        var scale = 1.0
        for _ in 0..<places.magnitude { scale *= 10 }
        let scaled = places < 0 ? number / scale : number * scale
        let whole = scaled.rounded(method == "ceil" ? .up : .down)
        return .number(places < 0 ? whole * scale : whole / scale)
      }
    }
    throw DataError(.malformed, "'\(name)' of \(self.name(value))", expected: "a number")
  }

  private func trimmed(_ text: String) -> String {
    String(scalars: PythonText.stripped(text, nil, .both).unicodeScalars.filter { $0 != "_" })
  }

  /// Filters of text; nil for another name.
  private func textFilter(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue? {
    switch name {
    case "trim":
      let characters = try text(name, call.bind(name, "chars")[0])
      return .string(PythonText.stripped(value.string, characters, .both))
    case "upper", "lower", "capitalize", "title":
      _ = try call.bind(name)
      let text = value.string
      switch name {
      case "upper": return .string(text.uppercased())
      case "lower": return .string(text.lowercased())
      case "title": return .string(PythonText.titled(text))
      default: return .string(PythonText.capitalized(text))
      }
    case "replace":
      let arguments = try call.bind(name, "old", "new", "count")
      return .string(
        try replaced(
          value.string, required(name, arguments[0]).string, required(name, arguments[1]).string,
          whole(name, arguments[2])))
    case "indent": return .string(try indented(value.string, call))
    case "center":
      let width = try width(name, call.bind(name, "width")[0] ?? .integer(80))
      return .string(PythonText.padded(value.string, to: width, " ", .both))
    case "wordcount":
      _ = try call.bind(name)
      return .integer(
        value.string.unicodeScalars.split {
          !($0.properties.isAlphabetic || $0.value == 0x5F
            || $0.properties.numericType != nil)
        }.count)
    case "truncate": return .string(try truncated(value.string, call))
    case "format":
      return .string(try checked(PythonText.formatted(value.string, call.positional)))
    default: return nil
    }
  }

  private func indented(_ text: String, _ call: TemplateCall) throws -> String {
    let arguments = try call.bind("indent", "width", "first", "blank")
    var blanks = "    "
    if let width = arguments[0] {
      blanks =
        try width.text ?? String(repeating: " ", count: max(0, self.width("indent", width)))
    }
    let includesBlank = arguments[2]?.isTrue ?? false
    let lines = PythonText.lines(text + "\n")
    var result = arguments[1]?.isTrue ?? false ? blanks : ""
    for (index, line) in lines.enumerated() {
      if index > 0 { result += "\n" + (line.isEmpty && !includesBlank ? "" : blanks) }
      result = try checked(result + line)
    }
    return result
  }

  private func truncated(_ text: String, _ call: TemplateCall) throws -> String {
    let arguments = try call.bind("truncate", "length", "killwords", "end", "leeway")
    let length = try whole("truncate", arguments[0]) ?? 255
    let end = try self.text("truncate", arguments[2]) ?? "..."
    let leeway = try whole("truncate", arguments[3]) ?? 5
    let scalars = Array(text.unicodeScalars)
    let room = length - end.unicodeScalars.count
    guard room >= 0, leeway >= 0 else { throw DataError(.malformed, "truncate to \(length)") }
    if scalars.count <= length + leeway { return text }
    let head = scalars.prefix(room)
    if arguments[1]?.isTrue ?? false { return String(scalars: head) + end }
    let blank = head.lastIndex(of: " ") ?? head.endIndex
    return String(scalars: head[..<blank]) + end
  }
}
