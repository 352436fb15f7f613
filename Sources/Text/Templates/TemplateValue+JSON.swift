import BinaryIO
import OrderedCollections

/// How `tojson` writes.
struct TemplateJSONStyle {
  var indent: Int?
  var isASCII = false
  var sortsKeys = false
  var itemSeparator: String
  var keySeparator: String

  init(indent: Int?, itemSeparator: String? = nil, keySeparator: String? = nil) {
    self.indent = indent
    self.itemSeparator = itemSeparator ?? (indent == nil ? ", " : ",")
    self.keySeparator = keySeparator ?? ": "
  }
}

/// A value as JSON, byte for byte as Python's `json.dumps` writes it.
extension TemplateValue {
  func json(_ style: TemplateJSONStyle) throws -> String {
    var out = ""
    try write(into: &out, style, level: 0)
    return out
  }

  private func write(into out: inout String, _ style: TemplateJSONStyle, level: Int) throws {
    switch self {
    case .none: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value): out += TemplateValue.json(value)
    case .string(let value): TemplateValue.write(value, into: &out, style)
    case .list(let items), .tuple(let items):
      try TemplateValue.write("[", "]", items.items, into: &out, style, level) {
        try $0.write(into: &$1, style, level: level + 1)
      }
    case .dictionary(let dictionary):
      var members = dictionary.members.map { ($0.key.value, $0.value) }
      if style.sortsKeys { members.sort { $0.0.precedes($1.0) ?? false } }
      try TemplateValue.write("{", "}", members, into: &out, style, level) { member, out in
        TemplateValue.write(try member.0.jsonKey, into: &out, style)
        out += style.keySeparator
        try member.1.write(into: &out, style, level: level + 1)
      }
    case .undefined, .iterator, .namespace, .loop, .function:
      throw DataError(.malformed, "\(kindName) cannot be written as JSON")
    }
  }

  private var jsonKey: String {
    get throws {
      switch self {
      case .string(let text): text
      case .none: "null"
      case .bool(let value): value ? "true" : "false"
      case .integer(let value): String(value)
      case .number(let value): TemplateValue.json(value)
      default: throw DataError(.malformed, "\(kindName) cannot be a key in JSON")
      }
    }
  }

  private static func json(_ value: Double) -> String {
    value.isNaN
      ? "NaN"
      : value.isInfinite
        ? (value < 0 ? "-Infinity" : "Infinity")
        : PythonNumber.text(value)
  }

  private static func write<Element>(
    _ open: String, _ close: String, _ elements: [Element], into out: inout String,
    _ style: TemplateJSONStyle, _ level: Int, _ body: (Element, inout String) throws -> Void
  ) rethrows {
    out += open
    for (i, element) in elements.enumerated() {
      if i > 0 { out += style.itemSeparator }
      if let indent = style.indent {
        out += "\n" + String(repeating: " ", count: indent * (level + 1))
      }
      try body(element, &out)
    }
    if let indent = style.indent, !elements.isEmpty {
      out += "\n" + String(repeating: " ", count: indent * level)
    }
    out += close
  }

  private static func write(_ text: String, into out: inout String, _ style: TemplateJSONStyle) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}": out += "\\b"
      case "\u{C}": out += "\\f"
      case _ where scalar.value < 0x20 || style.isASCII && scalar.value > 0x7E:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
