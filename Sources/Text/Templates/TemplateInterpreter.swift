import BinaryIO
import OrderedCollections

/// Runs a template's statements. Nothing but text comes out, and every loop ends.
final class TemplateInterpreter {
  /// What stops the statements of a body before their end.
  private enum Exit { case none, `break`, `continue` }

  private let limits: ChatTemplate.Limits
  let now: CalendarTime
  /// The line that runs, for messages.
  var line = 1
  private var out = ""
  private var steps = 0
  private var bytes = 0
  private var depth = 0
  private var loops = 0
  /// What may refer to itself, to be taken apart at the end.
  private var namespaces: [TemplateNamespace] = []
  private var closures: [TemplateScope] = []
  /// The text that a block encloses, for its filters.
  private var enclosed: [String] = []

  init(limits: ChatTemplate.Limits, now: CalendarTime) {
    self.limits = limits
    self.now = now
  }

  /// The text of the template with these names known to it.
  func render(
    _ statements: [TemplateStatement], _ globals: [String: TemplateValue]
  ) throws -> String {
    defer {
      for namespace in namespaces { namespace.members = [:] }
      for scope in closures { scope.values = [:] }
    }
    let outer = TemplateScope()
    outer.values = globals
    do {
      _ = try run(statements, TemplateScope(outer))
    } catch let error as DataError {
      throw error.about("chat template, line \(line)")
    }
    return out
  }

  // MARK: Bounds

  /// Counts work, so that a template that never ends is stopped.
  func charge(_ amount: Int = 1) throws {
    steps += amount
    guard steps <= limits.steps else {
      throw DataError(.limitExceeded, "still runs after \(limits.steps) steps (a loop for ever?)")
    }
  }

  /// Text that was made inside the template, within bounds.
  func checked(_ text: String) throws -> String {
    try charge(text.utf8.count / 16)
    guard text.utf8.count <= limits.bytes else {
      throw DataError(.limitExceeded, "makes a text of more than \(limits.bytes) bytes")
    }
    return text
  }

  func write(_ text: String) throws {
    bytes += text.utf8.count
    guard bytes <= limits.bytes else {
      throw DataError(.limitExceeded, "writes more than \(limits.bytes) bytes")
    }
    out += text
  }

  func nested<T>(_ body: () throws -> T) throws -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= limits.depth else {
      throw DataError(.limitExceeded, "calls itself more than \(limits.depth) deep")
    }
    return try body()
  }

  func register(_ namespace: TemplateNamespace) { namespaces.append(namespace) }

  /// What `body` writes, as text of its own.
  private func captured(_ body: () throws -> Void) throws -> String {
    let outer = out
    out = ""
    defer { out = outer }
    try body()
    return out
  }

  var enclosedText: String { enclosed.last ?? "" }

  private func filtered(
    _ text: String, _ filters: TemplateExpression, _ scope: TemplateScope
  ) throws -> TemplateValue {
    enclosed.append(text)
    defer { enclosed.removeLast() }
    return try evaluate(filters, scope)
  }

  // MARK: Statements

  private func run(_ statements: [TemplateStatement], _ scope: TemplateScope) throws -> Exit {
    try nested {
      for statement in statements {
        try charge()
        line = statement.line
        let exit = try run(statement, scope)
        if exit != .none { return exit }
      }
      return .none
    }
  }

  private func run(_ statement: TemplateStatement, _ scope: TemplateScope) throws -> Exit {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let value): try write(try evaluate(value, scope).string)
    case .branches(let branches):
      for (condition, body) in branches {
        if let condition, try !evaluate(condition, scope).isTrue { continue }
        return try run(body, scope)
      }
    case .loop(let loop): try run(loop, scope)
    case .assign(let target, let value): try assign(target, try evaluate(value, scope), scope)
    case .assignText(let target, let filters, let body):
      let text = try captured { _ = try run(body, TemplateScope(scope)) }
      try assign(target, try filtered(text, filters, scope), scope)
    case .macro(let macro):
      closures.append(scope)
      scope.values[macro.name] = .function(.macro(macro, scope))
    case .callBlock(let call, let body):
      closures.append(scope)
      try write(
        try evaluate(call, scope, caller: .function(.macro(body, scope))).string)
    case .filterBlock(let filters, let body):
      let text = try captured { _ = try run(body, TemplateScope(scope)) }
      try write(try filtered(text, filters, scope).string)
    case .with(let values, let body):
      let inner = TemplateScope(scope)
      for (target, value) in values { try assign(target, try evaluate(value, scope), inner) }
      return try run(body, inner)
    case .generation(let body): return try run(body, TemplateScope(scope))
    case .break: return .break
    case .continue: return .continue
    }
    return .none
  }

  private func run(_ loop: TemplateLoop, _ scope: TemplateScope) throws {
    var items = try elements(of: try evaluate(loop.iterated, scope))
    if let condition = loop.condition {
      items = try items.filter { item in
        try charge()
        let inner = TemplateScope(scope)
        try assign(loop.target, item, inner)
        return try evaluate(condition, inner).isTrue
      }
    }
    if items.isEmpty {
      _ = try run(loop.otherwise, TemplateScope(scope))
      return
    }
    loops += 1
    defer { loops -= 1 }
    let state = try TemplateLoopState(items, level: loops)
    for (index, item) in items.enumerated() {
      try charge()
      state.index = index
      let inner = TemplateScope(scope)
      inner.values["loop"] = .loop(state)
      try assign(loop.target, item, inner)
      if try run(loop.body, inner) == .break { break }
    }
  }

  func assign(
    _ target: TemplateTarget, _ value: TemplateValue, _ scope: TemplateScope
  ) throws {
    switch target {
    case .name(let name): scope.values[name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace)? = scope[name] else {
        throw DataError(
          .malformed, "cannot set '\(attribute)' of '\(name)'",
          expected: "a namespace, made with namespace()")
      }
      guard !attribute.hasPrefix("_") else {
        throw DataError(.malformed, "cannot set '\(attribute)' of a namespace")
      }
      namespace.members[attribute] = value
    case .tuple(let targets):
      let values = try elements(of: value)
      guard values.count == targets.count else {
        throw DataError(
          .malformed, "\(values.count) values for \(targets.count) names",
          expected: "\(targets.count)")
      }
      for (target, value) in zip(targets, values) { try assign(target, value, scope) }
    }
  }

  /// What a loop goes through.
  func elements(of value: TemplateValue) throws -> [TemplateValue] {
    let result: [TemplateValue]
    switch value {
    case .undefined: return []
    case .list(let items), .tuple(let items): result = items.items
    case .dictionary(let dictionary): result = dictionary.members.keys.map(\.value)
    case .string(let text): result = text.unicodeScalars.map { .string(String($0)) }
    case .iterator(let iterator): result = iterator.drain()
    case .none, .bool, .integer, .number, .namespace, .loop, .function:
      throw DataError(
        .malformed, "cannot go through \(value.kindName)", expected: "a list")
    }
    try charge(result.count / 8)
    return result
  }

  // MARK: Calls

  /// The text of a macro's body.
  func call(
    _ macro: TemplateMacro, in scope: TemplateScope, _ arguments: TemplateCall
  ) throws -> TemplateValue {
    let here = line
    let inner = TemplateScope(scope)
    var named = arguments.named
    for (index, parameter) in macro.parameters.enumerated() {
      if index < arguments.positional.count {
        inner.values[parameter.name] = arguments.positional[index]
      } else if let value = named.removeValue(forKey: parameter.name) {
        inner.values[parameter.name] = value
      } else if let value = parameter.value {
        inner.values[parameter.name] = try evaluate(value, inner)
      } else {
        inner.values[parameter.name] = .undefined("parameter '\(parameter.name)'")
      }
    }
    // The body of a call block sees what the macro around it was given
    if arguments.caller != nil || macro.name != "caller" {
      inner.values["caller"] =
        arguments.caller ?? inner.values["caller"] ?? .undefined("'caller'")
      let rest = arguments.positional.dropFirst(macro.parameters.count)
      inner.values["varargs"] = try .tuple(Array(rest))
      var extra: OrderedDictionary<TemplateKey, TemplateValue> = [:]
      for (name, value) in named { extra[TemplateKey(.string(name))] = value }
      inner.values["kwargs"] = .dictionary(try TemplateDictionary(extra))
    }
    let text = try nested { try captured { _ = try run(macro.body, inner) } }
    line = here
    return .string(text)
  }
}

/// The arguments of a call, evaluated.
struct TemplateCall {
  var positional: [TemplateValue] = []
  var named: OrderedDictionary<String, TemplateValue> = [:]
  /// The body of a call block.
  var caller: TemplateValue?

  /// The arguments by the names of the parameters; nil for those not given.
  /// - Throws: `.malformed` for arguments that `what` does not take.
  func bind(_ what: String, _ names: String...) throws -> [TemplateValue?] {
    guard positional.count <= names.count else {
      throw DataError(
        .malformed, "\(what) is given \(positional.count) arguments",
        expected: names.isEmpty ? "none" : "at most \(names.count)")
    }
    if let stranger = named.keys.first(where: { !names.contains($0) }) {
      throw DataError(
        .malformed, "\(what) has no argument '\(stranger)'",
        expected: names.isEmpty ? nil : names.joined(separator: ", "))
    }
    return names.enumerated().map { index, name in
      index < positional.count ? positional[index] : named[name]
    }
  }
}
