import BinaryIO
import JSON
import OrderedCollections

/// A value while a template runs, with the meaning that Python gives it.
///
/// Lists and dictionaries never change; only namespaces do.
enum TemplateValue {
  /// What a missing name or member gives: empty as text, an error where more is wanted of it.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list(TemplateSequence)
  case tuple(TemplateSequence)
  case dictionary(TemplateDictionary)
  /// What filters such as `map` give: it can be gone through once.
  case iterator(TemplateIterator)
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  indirect case function(TemplateFunction)
}

/// What can be called.
enum TemplateFunction {
  case builtin(String)
  case method(TemplateValue, String)
  case macro(TemplateMacro, TemplateScope)
}

/// Elements in order. What they hold together is bounded, however often they share it.
struct TemplateSequence {
  static let maximumWeight = 1 << 26
  static let maximumDepth = 64

  let items: [TemplateValue]
  let weight: Int
  let depth: Int

  init(_ items: [TemplateValue]) throws {
    self.items = items
    (weight, depth) = try TemplateSequence.measure(items)
  }

  static func measure(_ items: some Sequence<TemplateValue>) throws -> (weight: Int, depth: Int) {
    var weight = 1
    var depth = 0
    for item in items {
      weight += item.weight
      depth = max(depth, item.depth)
      guard weight <= maximumWeight, depth < maximumDepth else {
        throw DataError(
          .limitExceeded, "makes a list that is too large or too deep",
          expected: "\(maximumWeight) bytes, \(maximumDepth) deep at most")
      }
    }
    return (weight, depth + 1)
  }
}

/// Members in order, with any plain value for a key.
struct TemplateDictionary {
  let members: OrderedDictionary<TemplateKey, TemplateValue>
  let weight: Int
  let depth: Int

  init(_ members: OrderedDictionary<TemplateKey, TemplateValue>) throws {
    self.members = members
    let keys = members.keys.reduce(0) { $0 + $1.value.weight }
    let values = try TemplateSequence.measure(members.values)
    (weight, depth) = (keys + values.weight, values.depth)
  }

  subscript(name: String) -> TemplateValue? { members[TemplateKey(.string(name))] }
}

/// A value as a key: equal as Python's are, so that 1, 1.0 and true are one key.
struct TemplateKey: Hashable {
  let value: TemplateValue

  init(_ value: TemplateValue) { self.value = value }

  static func == (left: TemplateKey, right: TemplateKey) -> Bool {
    left.value.equals(right.value)
  }

  func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
}

/// The one thing that a template can change: `{% set ns.found = true %}`.
final class TemplateNamespace {
  var members: OrderedDictionary<String, TemplateValue>

  init(_ members: OrderedDictionary<String, TemplateValue>) { self.members = members }
}

/// Elements that are used up by whoever goes through them.
final class TemplateIterator {
  private var rest: ArraySlice<TemplateValue>
  let weight: Int
  let depth: Int

  init(_ items: [TemplateValue]) throws {
    rest = items[...]
    (weight, depth) = try TemplateSequence.measure(items)
  }

  func next() -> TemplateValue? { rest.popFirst() }

  func drain() -> [TemplateValue] {
    defer { rest = [] }
    return Array(rest)
  }
}

/// `loop` inside a loop.
final class TemplateLoopState {
  let items: [TemplateValue]
  /// Loops around this one, and itself.
  let level: Int
  /// Lists in lists that it holds on to.
  let depth: Int
  var index = 0
  /// What `changed` was asked about last.
  var last: TemplateValue?

  init(_ items: [TemplateValue], level: Int) throws {
    self.items = items
    self.level = level
    depth = try TemplateSequence.measure(items).depth
  }
}

/// The names that a part of a template sees.
final class TemplateScope {
  var values: [String: TemplateValue] = [:]
  let parent: TemplateScope?

  init(_ parent: TemplateScope? = nil) { self.parent = parent }

  subscript(name: String) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.parent
    }
    return nil
  }
}

extension TemplateValue {
  init(_ json: JSONValue) throws {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .array(let elements):
      self = .list(try TemplateSequence(elements.map { try TemplateValue($0) }))
    case .object(let members):
      var result: OrderedDictionary<TemplateKey, TemplateValue> = [:]
      for (name, value) in members {
        result[TemplateKey(.string(name))] = try TemplateValue(value)
      }
      self = .dictionary(try TemplateDictionary(result))
    }
  }

  init(_ constant: TemplateConstant) {
    switch constant {
    case .none: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    }
  }

  static func list(_ items: [TemplateValue]) throws -> TemplateValue {
    .list(try TemplateSequence(items))
  }

  static func tuple(_ items: [TemplateValue]) throws -> TemplateValue {
    .tuple(try TemplateSequence(items))
  }

  static func iterator(_ items: [TemplateValue]) throws -> TemplateValue {
    .iterator(try TemplateIterator(items))
  }

  /// About the bytes that it takes when written out.
  var weight: Int {
    switch self {
    case .string(let text): 4 + text.utf8.count
    case .list(let items), .tuple(let items): items.weight
    case .dictionary(let dictionary): dictionary.weight
    case .iterator(let iterator): iterator.weight
    default: 4
    }
  }

  /// Lists in lists.
  var depth: Int {
    switch self {
    case .list(let items), .tuple(let items): items.depth
    case .dictionary(let dictionary): dictionary.depth
    case .iterator(let iterator): iterator.depth
    case .function(.method(let value, _)): value.depth + 1
    case .loop(let loop): loop.depth
    default: 0
    }
  }

  /// Whether it counts as true in a condition.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let items), .tuple(let items): !items.items.isEmpty
    case .dictionary(let dictionary): !dictionary.members.isEmpty
    case .iterator, .namespace, .loop, .function: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }
  var isNone: Bool { if case .none = self { true } else { false } }

  var text: String? { if case .string(let value) = self { value } else { nil } }

  /// A whole number, or a truth value as 0 or 1.
  var wholeNumber: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  var anyNumber: Double? {
    if case .number(let value) = self { value } else { wholeNumber.map { Double($0) } }
  }

  /// The elements of a list or tuple.
  var elements: [TemplateValue]? {
    switch self {
    case .list(let items), .tuple(let items): items.items
    default: nil
    }
  }

  /// What it is, for messages.
  var kindName: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a mapping"
    case .iterator: "the result of a filter such as map"
    case .namespace: "a namespace"
    case .loop: "loop"
    case .function: "a function"
    }
  }
}
