import OrderedCollections

/// A value as text, as Python's `str` and `repr` write it.
extension TemplateValue {
  var string: String {
    if case .string(let value) = self { return value }
    var out = ""
    write(into: &out)
    return out
  }

  private func write(into out: inout String) {
    switch self {
    case .undefined: break
    case .none: out += "None"
    case .bool(let value): out += value ? "True" : "False"
    case .integer(let value): out += String(value)
    case .number(let value): out += PythonNumber.text(value)
    case .string(let value): TemplateValue.writeQuoted(value, into: &out)
    case .list(let items): TemplateValue.write("[", items.items, "]", into: &out)
    case .tuple(let items):
      TemplateValue.write("(", items.items, items.items.count == 1 ? ",)" : ")", into: &out)
    case .dictionary(let dictionary):
      out += "{"
      for (i, member) in dictionary.members.enumerated() {
        if i > 0 { out += ", " }
        member.key.value.writeRepresentation(into: &out)
        out += ": "
        member.value.writeRepresentation(into: &out)
      }
      out += "}"
    case .iterator: out += "<generator object>"
    case .namespace: out += "<Namespace>"
    case .loop(let loop): out += "<LoopContext \(loop.index + 1)/\(loop.items.count)>"
    case .function: out += "<function>"
    }
  }

  private func writeRepresentation(into out: inout String) {
    if isUndefined { out += "Undefined" } else { write(into: &out) }
  }

  private static func write(
    _ open: String, _ items: [TemplateValue], _ close: String, into out: inout String
  ) {
    out += open
    for (i, item) in items.enumerated() {
      if i > 0 { out += ", " }
      item.writeRepresentation(into: &out)
    }
    out += close
  }

  /// A string inside a list or mapping: in single quotes unless it holds only those.
  private static func writeQuoted(_ text: String, into out: inout String) {
    let usesDouble = text.utf8.contains(0x27) && !text.utf8.contains(0x22)
    let quote: Unicode.Scalar = usesDouble ? "\"" : "'"
    out.unicodeScalars.append(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case quote: out += "\\\(quote)"
      case _ where !scalar.isPythonPrintable:
        let digits = String(scalar.value, radix: 16)
        let (letter, count) =
          scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        out += "\\" + letter + String(repeating: "0", count: count - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out.unicodeScalars.append(quote)
  }
}

extension Unicode.Scalar {
  var isPythonPrintable: Bool {
    if value < 0x7F { return value >= 0x20 }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}

/// Numbers as Python writes them.
enum PythonNumber {
  /// The shortest digits that give the number again; an exponent below 1e-4 and from 1e16 on.
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let sign = value.sign == .minus ? "-" : ""
    let (digits, exponent) = decimal(value.magnitude)
    if value == 0 { return sign + "0.0" }
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      let size = String(exponent.magnitude)
      return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
        + (size.count < 2 ? "0" : "") + size
    }
    if exponent < 0 {
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
    }
    let whole = exponent + 1
    if digits.count <= whole {
      return sign + digits + String(repeating: "0", count: whole - digits.count) + ".0"
    }
    return sign + digits.prefix(whole) + "." + digits.dropFirst(whole)
  }

  /// The significant digits, and the power of ten of the first.
  private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
    let text = value.description
    let parts = text.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    exponent += mantissa[0].count - 1
    let all = mantissa.joined()
    let leading = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leading))
    while digits.hasSuffix("0") { digits.removeLast() }
    return (digits, exponent - leading)
  }

  /// Rounded to places behind the point as the exact decimal value is, ties to even.
  static func rounded(_ value: Double, places: Int) -> Double {
    guard value.isFinite, places.magnitude <= 22 else { return value }
    var scale = 1.0
    for _ in 0..<places.magnitude { scale *= 10 }
    guard places >= 0 else { return (value / scale).rounded(.toNearestOrEven) * scale }
    let product = value * scale
    guard product.isFinite, product.magnitude < 4_503_599_627_370_496 else { return value }
    var whole = product.rounded(.toNearestOrEven)
    // The product itself is rounded: what it lost tells a true tie from one that only looks so
    let lost = (-product).addingProduct(value, scale)
    if (product - product.rounded(.down)) == 0.5, lost != 0 {
      whole = product.rounded(lost > 0 ? .up : .down)
    }
    return whole / scale
  }

  /// With so many digits behind the point.
  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15, (0...15).contains(places) else {
      return text(value)
    }
    let rounded = rounded(value.magnitude, places: places)
    let whole = rounded.rounded(.down)
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let fraction = String(Int(((rounded - whole) * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, places - fraction.count)) + fraction
    let sign = value.sign == .minus ? "-" : ""
    return sign + String(Int(whole)) + (places > 0 ? "." + padded : "")
  }
}
