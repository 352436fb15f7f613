import BinaryIO

/// Tests: `value is name(…)`.
extension TemplateInterpreter {
  func test(_ name: String, _ value: TemplateValue, _ call: TemplateCall) throws -> Bool {
    if let symbol = Self.comparisons[name] {
      let other = try required("'\(name)'", call.bind("'\(name)'", "other")[0])
      return try compare(value, symbol, other)
    }
    if name == "divisibleby" {
      let divisor = try whole(name, call.bind(name, "num")[0]) ?? 0
      let rest = try arithmetic("%", value, .integer(divisor))
      return rest.anyNumber == 0
    }
    if name == "sameas" {
      let other = try required(name, call.bind(name, "other")[0])
      return isSame(value, other)
    }
    _ = try call.bind("'\(name)'")
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": return value.isNone
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .integer = value { return true } else { return false }
    case "float": if case .number = value { return true } else { return false }
    case "number": return value.anyNumber != nil
    case "string": return value.text != nil
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "iterable":
      switch value {
      case .none, .bool, .integer, .number, .namespace, .function: return false
      default: return true
      }
    case "sequence":
      switch value {
      case .string, .list, .tuple, .dictionary, .undefined: return true
      default: return false
      }
    case "callable": if case .function = value { return true } else { return false }
    case "odd", "even":
      let rest = try arithmetic("%", value, .integer(2))
      return rest.anyNumber == (name == "odd" ? 1 : 0)
    case "lower", "upper":
      let text = value.string
      let isCased = text.unicodeScalars.contains { $0.properties.isCased }
      return isCased
        && text.utf8.elementsEqual((name == "lower" ? text.lowercased() : text.uppercased()).utf8)
    case "escaped": return false
    default: throw DataError(.unsupported, "unknown test '\(name)'")
    }
  }

  private static let comparisons = [
    "==": "==", "eq": "==", "equalto": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<",
    "lessthan": "<", "<=": "<=", "le": "<=", ">": ">", "gt": ">", "greaterthan": ">", ">=": ">=",
    "ge": ">=", "in": "in",
  ]

  /// Whether it is the very thing: a number is never a truth value.
  private func isSame(_ value: TemplateValue, _ other: TemplateValue) -> Bool {
    switch (value, other) {
    case (.bool(let left), .bool(let right)): left == right
    case (.bool, _), (_, .bool): false
    case (.integer, .number), (.number, .integer): false
    default: value.equals(other)
    }
  }
}
