import BinaryIO
import OrderedCollections

/// Values of expressions.
extension TemplateInterpreter {
  func evaluate(
    _ expression: TemplateExpression, _ scope: TemplateScope, caller: TemplateValue? = nil
  ) throws -> TemplateValue {
    try charge()
    line = expression.line
    return try nested { try value(of: expression.kind, scope, caller) }
  }

  private func value(
    of kind: TemplateExpression.Kind, _ scope: TemplateScope, _ caller: TemplateValue?
  ) throws -> TemplateValue {
    switch kind {
    case .constant(let constant): return TemplateValue(constant)
    case .name(let name):
      if let value = scope[name] { return value }
      return TemplateGlobals.names.contains(name)
        ? .function(.builtin(name)) : .undefined("'\(name)'")
    case .list(let elements): return try .list(elements.map { try evaluate($0, scope) })
    case .tuple(let elements): return try .tuple(elements.map { try evaluate($0, scope) })
    case .dictionary(let members): return try dictionary(members, scope)
    case .attribute(let object, let name):
      return try attribute(name, of: try evaluate(object, scope), isItemFirst: false)
    case .item(let object, let key):
      return try item(try evaluate(key, scope), of: try evaluate(object, scope))
    case .slice(let object, let parts):
      let value = try evaluate(object, scope)
      return try slice(value, parts.map { try $0.map { try evaluate($0, scope) } })
    case .call(let function, let arguments):
      let called = try evaluate(function, scope)
      var call = try self.arguments(arguments, scope)
      call.caller = caller
      return try self.call(called, call)
    case .filter(let object, let name, let arguments):
      let value = try evaluate(object, scope)
      return try filter(name, value, try self.arguments(arguments, scope))
    case .test(let object, let name, let arguments):
      let value = try evaluate(object, scope)
      return .bool(try test(name, value, try self.arguments(arguments, scope)))
    case .not(let operand): return .bool(try !evaluate(operand, scope).isTrue)
    case .negative(let operand):
      return try arithmetic("-", .integer(0), number(try evaluate(operand, scope), "-"))
    case .positive(let operand): return try number(try evaluate(operand, scope), "+")
    case .and(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? try evaluate(right, scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? value : try evaluate(right, scope)
    case .arithmetic(let symbol, let left, let right):
      return try arithmetic(symbol, try evaluate(left, scope), try evaluate(right, scope))
    case .concatenation(let parts):
      var text = ""
      for part in parts { text = try checked(text + evaluate(part, scope).string) }
      return .string(text)
    case .comparison(let first, let operands): return try comparison(first, operands, scope)
    case .conditional(let test, let value, let other):
      if try evaluate(test, scope).isTrue { return try evaluate(value, scope) }
      return try other.map { try evaluate($0, scope) } ?? .undefined("the value without else")
    case .enclosedText: return .string(enclosedText)
    }
  }

  private func number(_ value: TemplateValue, _ sign: String) throws -> TemplateValue {
    guard value.anyNumber != nil else {
      throw DataError(.malformed, "'\(sign)' before \(name(value))", expected: "a number")
    }
    return value.wholeNumber.map { .integer($0) } ?? value
  }

  private func dictionary(
    _ members: [(key: TemplateExpression, value: TemplateExpression)], _ scope: TemplateScope
  ) throws -> TemplateValue {
    var result: OrderedDictionary<TemplateKey, TemplateValue> = [:]
    for member in members {
      result[try key(try evaluate(member.key, scope))] = try evaluate(member.value, scope)
    }
    return .dictionary(try TemplateDictionary(result))
  }

  /// The value as a key of a mapping.
  func key(_ value: TemplateValue) throws -> TemplateKey {
    guard value.isHashable else {
      throw DataError(.malformed, "\(value.kindName) cannot be a key")
    }
    return TemplateKey(value)
  }

  private func arguments(
    _ arguments: TemplateArguments, _ scope: TemplateScope
  ) throws -> TemplateCall {
    var call = TemplateCall()
    call.positional = try arguments.positional.map { try evaluate($0, scope) }
    if let spread = arguments.spread {
      call.positional += try elements(of: try evaluate(spread, scope))
    }
    for (name, value) in arguments.named { call.named[name] = try evaluate(value, scope) }
    if let spread = arguments.spreadNamed {
      guard case .dictionary(let dictionary) = try evaluate(spread, scope) else {
        throw DataError(.malformed, "'**' before no mapping")
      }
      for (key, value) in dictionary.members { call.named[key.value.string] = value }
    }
    return call
  }

  // MARK: Members

  /// `object.name`: a method first, unless it was asked for in brackets, then a member.
  func attribute(
    _ name: String, of object: TemplateValue, isItemFirst: Bool
  ) throws -> TemplateValue {
    let method: TemplateValue? =
      TemplateMethods.has(name, object) ? .function(.method(object, name)) : nil
    if let method, !isItemFirst { return method }
    switch object {
    case .undefined(let what):
      throw DataError(
        .malformed, "\(what) is undefined, so it has no '\(name)'")
    case .dictionary(let dictionary):
      if let value = dictionary[name] { return value }
    case .namespace(let namespace):
      if let value = namespace.members[name] { return value }
    case .loop(let loop):
      if let value = try self.attribute(name, of: loop) { return value }
    case .function(.macro(let macro, _)) where name == "name": return .string(macro.name)
    default: break
    }
    return method ?? .undefined("'\(name)' of \(object.kindName)")
  }

  private func attribute(_ name: String, of loop: TemplateLoopState) throws -> TemplateValue? {
    let (index, count) = (loop.index, loop.items.count)
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "revindex": return .integer(count - index)
    case "revindex0": return .integer(count - index - 1)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == count - 1)
    case "length": return .integer(count)
    case "depth": return .integer(loop.level)
    case "depth0": return .integer(loop.level - 1)
    case "previtem":
      return index > 0 ? loop.items[index - 1] : .undefined("the item before the first")
    case "nextitem":
      return index + 1 < count ? loop.items[index + 1] : .undefined("the item after the last")
    default: return nil
    }
  }

  /// `object[key]`
  func item(_ key: TemplateValue, of object: TemplateValue) throws -> TemplateValue {
    if let index = key.wholeNumber, let elements = object.elements {
      let place = index < 0 ? index + elements.count : index
      return elements.indices.contains(place)
        ? elements[place] : .undefined("element \(index) of \(elements.count)")
    }
    if let index = key.wholeNumber, case .string(let text) = object {
      let scalars = Array(text.unicodeScalars)
      let place = index < 0 ? index + scalars.count : index
      return scalars.indices.contains(place)
        ? .string(String(scalars[place])) : .undefined("character \(index)")
    }
    if case .dictionary(let dictionary) = object, key.isHashable,
      let value = dictionary.members[TemplateKey(key)]
    {
      return value
    }
    if case .undefined(let what) = object {
      throw DataError(.malformed, "\(what) is undefined, so it has no members")
    }
    guard case .string(let name) = key else {
      return .undefined("member \(key.string) of \(object.kindName)")
    }
    return try attribute(name, of: object, isItemFirst: true)
  }

  private func slice(
    _ value: TemplateValue, _ parts: [TemplateValue?]
  ) throws -> TemplateValue {
    let bounds = try parts.map { part -> Int? in
      guard let part, !part.isNone else { return nil }
      guard let number = part.wholeNumber else {
        throw DataError(.malformed, "a slice at \(name(part))", expected: "whole numbers")
      }
      return number
    }
    let step = bounds[2] ?? 1
    guard step != 0, step != .min else {
      throw DataError(.malformed, "a slice with step \(step)")
    }
    func pick<T>(_ items: [T]) -> [T] {
      let count = items.count
      let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
      func place(_ bound: Int?, _ other: Int) -> Int {
        guard let bound else { return other }
        return min(max(bound < 0 ? max(bound, -count - 1) + count : bound, low), high)
      }
      let start = place(bounds[0], step > 0 ? 0 : count - 1)
      let stop = place(bounds[1], step > 0 ? count : -1)
      return stride(from: start, to: stop, by: step).map { items[$0] }
    }
    switch value {
    case .list(let items): return try .list(pick(items.items))
    case .tuple(let items): return try .tuple(pick(items.items))
    case .string(let text): return .string(String(scalars: pick(Array(text.unicodeScalars))))
    case .undefined(let what): throw DataError(.malformed, "\(what) is undefined: no slice of it")
    default: return .undefined("a slice of \(value.kindName)")
    }
  }

  // MARK: Comparison

  private func comparison(
    _ first: TemplateExpression, _ operands: [TemplateOperand], _ scope: TemplateScope
  ) throws -> TemplateValue {
    var left = try evaluate(first, scope)
    for operand in operands {
      let right = try evaluate(operand.value, scope)
      if try !compare(left, operand.symbol, right) { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  func compare(
    _ left: TemplateValue, _ symbol: String, _ right: TemplateValue
  ) throws -> Bool {
    try charge((left.weight + right.weight) / 64)
    switch symbol {
    case "==": return left.equals(right)
    case "!=": return !left.equals(right)
    case "in": return try contains(right, left)
    case "not in": return try !contains(right, left)
    default:
      let precedes = symbol == "<" || symbol == ">=" ? left.precedes(right) : right.precedes(left)
      guard let precedes else {
        throw DataError(
          .malformed, "'\(symbol)' between \(name(left)) and \(name(right))",
          expected: "two numbers or two strings")
      }
      return symbol == "<" || symbol == ">" ? precedes : !precedes
    }
  }

  /// `element in container`
  func contains(_ container: TemplateValue, _ element: TemplateValue) throws -> Bool {
    switch container {
    case .string(let text):
      guard case .string(let part) = element else {
        throw DataError(
          .malformed, "'in' a string for \(name(element))", expected: "a string in a string")
      }
      return PythonText.find(part, in: text) != nil
    case .dictionary(let dictionary):
      return element.isHashable && dictionary.members[TemplateKey(element)] != nil
    case .iterator(let iterator):
      while let next = iterator.next() { if next.equals(element) { return true } }
      return false
    default: return try elements(of: container).contains { $0.equals(element) }
    }
  }

  /// What a value is, and for one undefined, which.
  func name(_ value: TemplateValue) -> String {
    if case .undefined(let what) = value { "\(what) (undefined)" } else { value.kindName }
  }
}
