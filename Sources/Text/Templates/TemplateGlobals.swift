import BinaryIO
import OrderedCollections

/// Functions that every template has.
enum TemplateGlobals {
  static let names: Set<String> = [
    "range", "dict", "namespace", "raise_exception", "strftime_now", "lipsum",
  ]
  /// The most numbers of a `range`.
  static let maximumRange = 100_000
}

extension TemplateInterpreter {
  func global(_ name: String, _ call: TemplateCall) throws -> TemplateValue {
    switch name {
    case "range": return try range(call)
    case "dict", "namespace":
      var members: OrderedDictionary<TemplateKey, TemplateValue> = [:]
      if let first = call.positional.first {
        guard case .dictionary(let given) = first else {
          throw DataError(.malformed, "\(name) of \(self.name(first))", expected: "a mapping")
        }
        members = given.members
      }
      for (name, value) in call.named { members[TemplateKey(.string(name))] = value }
      if name == "dict" { return .dictionary(try TemplateDictionary(members)) }
      var attributes: OrderedDictionary<String, TemplateValue> = [:]
      for (key, value) in members { attributes[key.value.string] = value }
      let namespace = TemplateNamespace(attributes)
      register(namespace)
      return .namespace(namespace)
    case "raise_exception":
      let message = try call.bind(name, "message")[0]?.string ?? ""
      throw DataError(.mismatch, "the template refuses: \(message)")
    case "strftime_now":
      let format = try text(name, required(name, call.bind(name, "format")[0])) ?? ""
      return .string(try checked(now.formatted(format)))
    default: throw DataError(.unsupported, "'\(name)' is not done in chat templates")
    }
  }

  private func range(_ call: TemplateCall) throws -> TemplateValue {
    let numbers = try call.positional.map { value in
      guard let number = try whole("range", value) else {
        throw DataError(.malformed, "range of \(name(value))", expected: "whole numbers")
      }
      return number
    }
    guard (1...3).contains(numbers.count), call.named.isEmpty else {
      throw DataError(.malformed, "range of \(numbers.count) numbers", expected: "1 to 3")
    }
    let start = numbers.count > 1 ? numbers[0] : 0
    let stop = numbers.count > 1 ? numbers[1] : numbers[0]
    let step = numbers.count > 2 ? numbers[2] : 1
    guard step != 0 else { throw DataError(.malformed, "range with step 0") }
    let count = max(0, (stop - start + (step > 0 ? step - 1 : step + 1)) / step)
    guard count <= TemplateGlobals.maximumRange else {
      throw DataError(
        .limitExceeded, "range of \(count) numbers",
        expected: "at most \(TemplateGlobals.maximumRange)")
    }
    try charge(count / 8)
    return try .list((0..<count).map { .integer(start + $0 * step) })
  }
}
