import BinaryIO
import OrderedCollections

/// Filters of lists.
extension TemplateInterpreter {
  func sequenceFilter(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue {
    switch name {
    case "first":
      _ = try call.bind(name)
      if case .iterator(let iterator) = value { return iterator.next() ?? .undefined("'first'") }
      return try elements(of: value).first ?? .undefined("'first' of an empty list")
    case "last":
      _ = try call.bind(name)
      return try elements(of: value).last ?? .undefined("'last' of an empty list")
    case "reverse":
      _ = try call.bind(name)
      if case .string(let text) = value { return .string(PythonText.reversed(text)) }
      return try .iterator(elements(of: value).reversed())
    case "join":
      let arguments = try call.bind(name, "d", "attribute")
      let items = try elements(of: value).map { try member(arguments[1], of: $0) }
      return .string(try joined(items.map(\.string), arguments[0]?.string ?? ""))
    case "map": return try .iterator(mapped(value, call))
    case "select", "reject": return try .iterator(selected(name, value, call, hasAttribute: false))
    case "selectattr", "rejectattr":
      return try .iterator(selected(name, value, call, hasAttribute: true))
    case "sort", "unique", "min", "max": return try ordered(name, value, call)
    case "dictsort": return try sortedMembers(value, call)
    case "sum":
      let arguments = try call.bind(name, "attribute", "start")
      return try elements(of: value).reduce(arguments[1] ?? .integer(0)) {
        try arithmetic("+", $0, try member(arguments[0], of: $1))
      }
    case "batch", "slice": return try parts(name, value, call)
    case "groupby": return try groups(value, call)
    default: throw DataError(.unsupported, "unknown filter '\(name)'")
    }
  }

  /// What a path such as `function.name` or `0` leads to; the element itself without one.
  private func member(
    _ path: TemplateValue?, of element: TemplateValue, default other: TemplateValue? = nil
  ) throws -> TemplateValue {
    guard let path, !path.isNone else { return element }
    var value = element
    for part in path.text?.split(separator: ".").map(String.init) ?? [path.string] {
      let key: TemplateValue = Int(part).map { .integer($0) } ?? .string(part)
      value = try item(key, of: value)
      if value.isUndefined, let other { value = other }
    }
    return value
  }

  private func mapped(_ value: TemplateValue, _ call: TemplateCall) throws -> [TemplateValue] {
    let items = try elements(of: value)
    if call.positional.isEmpty, let path = call.named["attribute"] {
      return try items.map { try member(path, of: $0, default: call.named["default"]) }
    }
    var rest = call
    guard case .string(let filter)? = call.positional.first else {
      throw DataError(.malformed, "map without a filter's name or attribute=")
    }
    rest.positional.removeFirst()
    return try items.map { try self.filter(filter, $0, rest) }
  }

  private func selected(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall, hasAttribute: Bool
  ) throws -> [TemplateValue] {
    var rest = call
    var path: TemplateValue?
    if hasAttribute {
      guard !rest.positional.isEmpty else {
        throw DataError(.malformed, "\(name) without an attribute's name")
      }
      path = rest.positional.removeFirst()
    }
    var test: String?
    if case .string(let name)? = rest.positional.first {
      test = name
      rest.positional.removeFirst()
    }
    let wanted = name.hasPrefix("select")
    return try elements(of: value).filter { element in
      try charge()
      let part = try member(path, of: element)
      return try (test.map { try self.test($0, part, rest) } ?? part.isTrue) == wanted
    }
  }

  /// Strings without regard to case, unless that is wanted.
  private func folded(_ value: TemplateValue, _ isCaseSensitive: Bool) -> TemplateValue {
    if !isCaseSensitive, case .string(let text) = value { return .string(text.lowercased()) }
    return value
  }

  private func sorted(
    _ items: [(key: TemplateValue, value: TemplateValue)], isReversed: Bool
  ) throws -> [TemplateValue] {
    try charge(items.count)
    let order = try items.indices.sorted { a, b in
      let (left, right) = (items[a].key, items[b].key)
      guard let isBefore = isReversed ? right.precedes(left) : left.precedes(right) else {
        throw DataError(
          .malformed, "\(name(left)) and \(name(right)) have no order",
          expected: "numbers only or strings only")
      }
      return isBefore
    }
    return order.map { items[$0].value }
  }

  private func ordered(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue {
    let arguments =
      name == "sort"
      ? try call.bind(name, "reverse", "case_sensitive", "attribute")
      : [nil] + (try call.bind(name, "case_sensitive", "attribute"))
    let isCaseSensitive = arguments[1]?.isTrue ?? false
    let items = try elements(of: value).map { element in
      (
        key: folded(try sortKey(arguments[2], element), isCaseSensitive), value: element
      )
    }
    switch name {
    case "unique":
      var seen: Set<TemplateKey> = []
      return try .iterator(items.filter { seen.insert(try key($0.key)).inserted }.map(\.value))
    case "sort":
      return try .list(sorted(items, isReversed: arguments[0]?.isTrue ?? false))
    default:
      let order = try sorted(items, isReversed: name == "max")
      return order.first ?? .undefined("'\(name)' of an empty list")
    }
  }

  /// One member, or several whose names have commas between them.
  private func sortKey(
    _ path: TemplateValue?, _ element: TemplateValue
  ) throws -> TemplateValue {
    guard let text = path?.text, text.utf8.contains(UInt8(ascii: ",")) else {
      return try member(path, of: element)
    }
    return try .list(
      text.split(separator: ",").map { try member(.string(String($0)), of: element) })
  }

  private func sortedMembers(
    _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue {
    let arguments = try call.bind("dictsort", "case_sensitive", "by", "reverse")
    let by = try text("dictsort", arguments[1]) ?? "key"
    guard case .dictionary(let dictionary) = value, by == "key" || by == "value" else {
      throw DataError(
        .malformed, "dictsort of \(name(value)) by '\(by)'", expected: "a mapping, key or value")
    }
    let items = try dictionary.members.map { key, value in
      (
        key: folded(by == "key" ? key.value : value, arguments[0]?.isTrue ?? false),
        value: try TemplateValue.tuple([key.value, value])
      )
    }
    return try .list(sorted(items, isReversed: arguments[2]?.isTrue ?? false))
  }

  private func parts(
    _ name: String, _ value: TemplateValue, _ call: TemplateCall
  ) throws -> TemplateValue {
    let arguments = try call.bind(name, name == "batch" ? "linecount" : "slices", "fill_with")
    let items = try elements(of: value)
    guard let count = try whole(name, arguments[0]), (1...100_000).contains(count) else {
      throw DataError(.malformed, "'\(name)' without a count", expected: "1 to 100000")
    }
    let fill = arguments[1].flatMap { $0.isNone ? nil : $0 }
    if name == "batch" {
      var rows = stride(from: 0, to: items.count, by: count).map {
        Array(items[$0..<min($0 + count, items.count)])
      }
      if let fill, let last = rows.last {
        rows[rows.count - 1] += Array(repeating: fill, count: count - last.count)
      }
      return try .iterator(rows.map { try .list($0) })
    }
    let (size, rest) = items.count.quotientAndRemainder(dividingBy: count)
    var at = 0
    let columns = try (0..<count).map { index in
      let end = at + size + (index < rest ? 1 : 0)
      var column = Array(items[at..<end])
      if let fill, index >= rest { column.append(fill) }
      at = end
      return try TemplateValue.list(column)
    }
    return try .iterator(columns)
  }

  private func groups(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    let arguments = try call.bind("groupby", "attribute", "default", "case_sensitive")
    let items = try elements(of: value).map { element in
      (key: try member(arguments[0], of: element, default: arguments[1]), value: element)
    }
    let isCaseSensitive = arguments[2]?.isTrue ?? false
    let pairs = try sorted(
      items.map { (folded($0.key, isCaseSensitive), try .tuple([$0.key, $0.value])) },
      isReversed: false)
    var groups: [(key: TemplateValue, values: [TemplateValue])] = []
    for pair in pairs.compactMap(\.elements) {
      let folded = folded(pair[0], isCaseSensitive)
      if let last = groups.last, self.folded(last.key, isCaseSensitive).equals(folded) {
        groups[groups.count - 1].values.append(pair[1])
      } else {
        groups.append((pair[0], [pair[1]]))
      }
    }
    return try .list(groups.map { try .tuple([$0.key, .list($0.values)]) })
  }
}
