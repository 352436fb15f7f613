import BinaryIO
import OrderedCollections

/// Methods of strings, mappings and lists: `text.strip()`, `message.get('name')`.
enum TemplateMethods {
  private static let strings: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith",
    "replace", "upper", "lower", "title", "capitalize", "swapcase", "casefold", "find", "rfind",
    "index", "count", "join", "isdigit", "isnumeric", "isdecimal", "isalpha", "isalnum", "isspace",
    "isupper", "islower", "format", "zfill", "center", "ljust", "rjust", "partition", "rpartition",
    "removeprefix", "removesuffix",
  ]
  private static let mappings: Set<String> = ["get", "items", "keys", "values", "copy"]
  private static let lists: Set<String> = ["index", "count", "copy"]
  /// Python's ways to change a list or mapping in place, which chat templates are refused.
  private static let changes: Set<String> = [
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update",
    "setdefault", "popitem",
  ]

  static func has(_ name: String, _ object: TemplateValue) -> Bool {
    switch object {
    case .string: strings.contains(name)
    case .dictionary: mappings.contains(name) || changes.contains(name)
    case .list: lists.contains(name) || changes.contains(name)
    case .tuple: lists.contains(name)
    case .loop: name == "cycle" || name == "changed"
    default: false
    }
  }

  static func isChange(_ name: String) -> Bool { changes.contains(name) }
}

extension TemplateInterpreter {
  func call(_ function: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    guard case .function(let function) = function else {
      throw DataError(.malformed, "calls \(name(function))", expected: "a function or macro")
    }
    switch function {
    case .macro(let macro, let scope): return try self.call(macro, in: scope, call)
    case .builtin(let name): return try global(name, call)
    case .method(let object, let name):
      try charge(object.weight / 64)
      switch object {
      case .string(let text): return try method(name, text, call)
      case .dictionary(let dictionary): return try method(name, dictionary, call)
      case .loop(let loop): return try method(name, loop, call)
      default: return try method(name, object.elements ?? [], call)
      }
    }
  }

  private func method(
    _ name: String, _ loop: TemplateLoopState, _ call: TemplateCall
  ) throws -> TemplateValue {
    guard name == "changed" else {
      guard !call.positional.isEmpty else {
        throw DataError(.malformed, "loop.cycle without values")
      }
      return call.positional[loop.index % call.positional.count]
    }
    let asked = try TemplateValue.tuple(call.positional)
    defer { loop.last = asked }
    return .bool(!(loop.last?.equals(asked) ?? false))
  }

  private func method(
    _ name: String, _ items: [TemplateValue], _ call: TemplateCall
  ) throws -> TemplateValue {
    guard !TemplateMethods.isChange(name) else { throw refusal(name) }
    if name == "copy" { return try .list(items) }
    let wanted = try required("'\(name)'", call.bind("'\(name)'", "value")[0])
    if name == "count" { return .integer(items.count { $0.equals(wanted) }) }
    guard let place = items.firstIndex(where: { $0.equals(wanted) }) else {
      throw DataError(.malformed, "index: the value is not in the list")
    }
    return .integer(place)
  }

  private func refusal(_ name: String) -> DataError {
    DataError(
      .malformed, "'\(name)' changes a list or mapping, which templates may not",
      expected: "a new one: {% set list = list + [item] %}")
  }

  private func method(
    _ name: String, _ dictionary: TemplateDictionary, _ call: TemplateCall
  ) throws -> TemplateValue {
    let members = dictionary.members
    switch name {
    case "get":
      let arguments = try call.bind("'get'", "key", "default")
      let key = try key(try required("'get'", arguments[0]))
      return members[key] ?? arguments[1] ?? .none
    case "items":
      _ = try call.bind("'items'")
      return try .list(members.map { try .tuple([$0.key.value, $0.value]) })
    case "keys": return try .list(members.keys.map(\.value))
    case "values": return try .list(Array(members.values))
    case "copy": return .dictionary(dictionary)
    default: throw refusal(name)
    }
  }

  func required(_ what: String, _ value: TemplateValue?) throws -> TemplateValue {
    guard let value else { throw DataError(.malformed, "\(what) is given too few arguments") }
    return value
  }

  /// An argument that is a string, or nothing.
  func text(_ what: String, _ value: TemplateValue?) throws -> String? {
    guard let value, !value.isNone else { return nil }
    guard case .string(let text) = value else {
      throw DataError(.malformed, "\(what) is given \(name(value))", expected: "a string")
    }
    return text
  }

  /// An argument that is a whole number, or nothing.
  func whole(_ what: String, _ value: TemplateValue?) throws -> Int? {
    guard let value, !value.isNone else { return nil }
    guard let number = value.wholeNumber, number.magnitude <= 1 << 40 else {
      throw DataError(.malformed, "\(what) is given \(name(value))", expected: "a whole number")
    }
    return number
  }
}
