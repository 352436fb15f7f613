import OrderedCollections
extension JSONValue {
  /// The document as text: compact on one line, or indented by two spaces for people.
  ///
  /// The same value gives the same text. Numbers that JSON has no word for (NaN, infinities) become null.
  public func text(indented: Bool = false) -> String {
    var out = ""
    write(into: &out, indent: indented ? 0 : nil)
    return out
  }

  private func write(into out: inout String, indent: Int?) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value):
      out += value.isFinite ? (Int(exactly: value).map { "\($0).0" } ?? "\(value)") : "null"
    case .string(let value): JSONValue.write(value, into: &out)
    case .array(let elements):
      // Short rows of plain values stay on one line, as a person would write them
      let inner = elements.allSatisfy(\.isPlain) ? nil : indent
      JSONValue.write("[", "]", elements, inner, into: &out) { element, out, indent in
        element.write(into: &out, indent: indent)
      }
    case .object(let members):
      JSONValue.write("{", "}", Array(members.elements), indent, into: &out) {
        member, out, indent in
        JSONValue.write(member.key, into: &out)
        out += indent == nil ? ":" : ": "
        member.value.write(into: &out, indent: indent)
      }
    }
  }

  private var isPlain: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private static func write<Element>(
    _ open: String, _ close: String, _ elements: [Element], _ indent: Int?, into out: inout String,
    _ body: (Element, inout String, Int?) -> Void
  ) {
    out += open
    for (i, element) in elements.enumerated() {
      if i > 0 { out += "," }
      if let indent { out += "\n" + String(repeating: "  ", count: indent + 1) }
      body(element, &out, indent.map { $0 + 1 })
    }
    if let indent, !elements.isEmpty { out += "\n" + String(repeating: "  ", count: indent) }
    out += close
  }

  private static func write(_ text: String, into out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
