import BinaryIO

/// Expressions, from the loosest binding to the tightest.
extension TemplateParser {
  /// An expression, or several with commas between them.
  mutating func tuple(hasConditional: Bool = true) throws -> TemplateExpression {
    let line = line
    let first = try hasConditional ? expression() : either()
    guard current == .symbol(",") else { return first }
    var elements = [first]
    while skip(",") {
      if isExpressionEnd { break }
      elements.append(try hasConditional ? expression() : either())
    }
    return TemplateExpression(line: line, kind: .tuple(elements))
  }

  private var isExpressionEnd: Bool {
    switch current {
    case .variableEnd, .blockEnd, .end, .symbol(")"), .symbol("]"), .symbol("}"): true
    default: false
    }
  }

  /// `value if test else other`
  mutating func expression() throws -> TemplateExpression {
    try nested { try $0.conditional() }
  }

  private mutating func conditional() throws -> TemplateExpression {
    var value = try either()
    while current == .name("if") {
      let line = line
      at += 1
      let test = try either()
      let other = skip(word: "else") ? try expression() : nil
      value = try made(line, .conditional(test: test, value: value, other: other))
    }
    return value
  }

  private mutating func either() throws -> TemplateExpression {
    var left = try both()
    while skip(word: "or") { left = try made(left.line, .or(left, try both())) }
    return left
  }

  private mutating func both() throws -> TemplateExpression {
    var left = try negation()
    while skip(word: "and") { left = try made(left.line, .and(left, try negation())) }
    return left
  }

  private mutating func negation() throws -> TemplateExpression {
    let line = line
    guard skip(word: "not") else { return try comparison() }
    return try made(line, .not(try nested { try $0.negation() }))
  }

  private mutating func comparison() throws -> TemplateExpression {
    let first = try sum()
    var operands: [TemplateOperand] = []
    while true {
      var name = ""
      switch current {
      case .symbol(let symbol) where ["==", "!=", "<", "<=", ">", ">="].contains(symbol):
        name = symbol
      case .name("in"): name = "in"
      case .name("not") where at + 1 < tokens.count && tokens[at + 1].kind == .name("in"):
        at += 1
        name = "not in"
      default:
        return operands.isEmpty ? first : try made(first.line, .comparison(first, operands))
      }
      at += 1
      try count()
      operands.append(TemplateOperand(symbol: name, value: try sum()))
    }
  }

  private mutating func sum() throws -> TemplateExpression {
    var left = try concatenation()
    while case .symbol(let symbol) = current, symbol == "+" || symbol == "-" {
      at += 1
      left = try made(left.line, .arithmetic(symbol, left, try concatenation()))
    }
    return left
  }

  private mutating func concatenation() throws -> TemplateExpression {
    let first = try product()
    guard current == .symbol("~") else { return first }
    var parts = [first]
    while skip("~") {
      try count()
      parts.append(try product())
    }
    return try made(first.line, .concatenation(parts))
  }

  private mutating func product() throws -> TemplateExpression {
    var left = try power()
    while case .symbol(let symbol) = current, ["*", "/", "//", "%"].contains(symbol) {
      at += 1
      left = try made(left.line, .arithmetic(symbol, left, try power()))
    }
    return left
  }

  private mutating func power() throws -> TemplateExpression {
    var left = try unary(hasFilters: true)
    while skip("**") {
      left = try made(left.line, .arithmetic("**", left, try unary(hasFilters: true)))
    }
    return left
  }

  private mutating func unary(hasFilters: Bool) throws -> TemplateExpression {
    let line = line
    var value: TemplateExpression
    if skip("-") {
      value = try made(line, .negative(try nested { try $0.unary(hasFilters: false) }))
    } else if skip("+") {
      value = try made(line, .positive(try nested { try $0.unary(hasFilters: false) }))
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return hasFilters ? try filtersAndTests(value) : value
  }

  private mutating func primary() throws -> TemplateExpression {
    let line = line
    func constant(_ value: TemplateConstant) -> TemplateExpression {
      TemplateExpression(line: line, kind: .constant(value))
    }
    switch current {
    case .name(let name):
      at += 1
      switch name {
      case "true", "True": return constant(.bool(true))
      case "false", "False": return constant(.bool(false))
      case "none", "None": return constant(.none)
      default: return TemplateExpression(line: line, kind: .name(name))
      }
    case .string(var text):
      at += 1
      while case .string(let more) = current {
        text += more
        at += 1
      }
      return constant(.string(text))
    case .integer(let value):
      at += 1
      return constant(.integer(value))
    case .number(let value):
      at += 1
      return constant(.number(value))
    case .symbol("("):
      at += 1
      if skip(")") { return TemplateExpression(line: line, kind: .tuple([])) }
      let inner = try nested { try $0.tuple() }
      guard skip(")") else { throw unexpected("')'") }
      return inner
    case .symbol("["): return try list(line)
    case .symbol("{"): return try dictionary(line)
    default: throw unexpected("a value")
    }
  }

  private mutating func list(_ line: Int) throws -> TemplateExpression {
    at += 1
    var elements: [TemplateExpression] = []
    while !skip("]") {
      if !elements.isEmpty {
        guard skip(",") else { throw unexpected("',' or ']'") }
        if skip("]") { break }
      }
      elements.append(try expression())
    }
    return TemplateExpression(line: line, kind: .list(elements))
  }

  private mutating func dictionary(_ line: Int) throws -> TemplateExpression {
    at += 1
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !skip("}") {
      if !members.isEmpty {
        guard skip(",") else { throw unexpected("',' or '}'") }
        if skip("}") { break }
      }
      let key = try expression()
      guard skip(":") else { throw unexpected("':'") }
      members.append((key, try expression()))
    }
    return TemplateExpression(line: line, kind: .dictionary(members))
  }

  /// `.name`, `[key]` and `(…)` behind a value.
  private mutating func postfix(_ value: TemplateExpression) throws -> TemplateExpression {
    var value = value
    while case .symbol(let symbol) = current, [".", "[", "("].contains(symbol) {
      let line = line
      if symbol == "(" {
        value = try made(line, .call(value, try arguments()))
        continue
      }
      at += 1
      if symbol == "[" {
        value = try made(line, try subscripted(value))
        guard skip("]") else { throw unexpected("']'") }
      } else if case .integer(let index) = current {
        at += 1
        let place = TemplateExpression(line: line, kind: .constant(.integer(index)))
        value = try made(line, .item(value, place))
      } else {
        value = try made(line, .attribute(value, try name("a name or number after the dot")))
      }
    }
    return value
  }

  private mutating func subscripted(
    _ value: TemplateExpression
  ) throws -> TemplateExpression.Kind {
    var parts: [TemplateExpression?] = [nil]
    if current != .symbol(":") {
      let key = try nested { try $0.tuple() }
      guard current == .symbol(":") else { return .item(value, key) }
      parts = [key]
    }
    while skip(":"), parts.count < 3 {
      parts.append(current == .symbol(":") || current == .symbol("]") ? nil : try expression())
    }
    while parts.count < 3 { parts.append(nil) }
    return .slice(value, parts)
  }

  /// `| name(…)`, again and again.
  mutating func filters(on value: TemplateExpression) throws -> TemplateExpression {
    var value = value
    while current == .symbol("|") {
      let line = line
      at += 1
      let name = try name("a filter's name")
      let arguments = current == .symbol("(") ? try arguments() : TemplateArguments()
      value = try made(line, .filter(value, name, arguments))
    }
    return value
  }

  private mutating func filtersAndTests(
    _ value: TemplateExpression
  ) throws -> TemplateExpression {
    var value = value
    while true {
      let line = line
      switch current {
      case .symbol("|"): value = try filters(on: value)
      case .name("is"):
        at += 1
        value = try test(value, line)
      case .symbol("("): value = try made(line, .call(value, try arguments()))
      default: return value
      }
    }
  }

  private mutating func test(
    _ value: TemplateExpression, _ line: Int
  ) throws -> TemplateExpression {
    let isNegated = skip(word: "not")
    let name = try name("a test's name")
    var arguments = TemplateArguments()
    switch current {
    case .symbol("("): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"), .name("if"): break
    case .name("is"): throw unexpected("one test only")
    case .name, .string, .integer, .number, .symbol("["), .symbol("{"):
      arguments.positional = [try postfix(try primary())]
    default: break
    }
    let test = try made(line, .test(value, name, arguments))
    return isNegated ? try made(line, .not(test)) : test
  }

  private mutating func arguments() throws -> TemplateArguments {
    let line = line
    at += 1
    var result = TemplateArguments()
    var isFirst = true
    while !skip(")") {
      if !isFirst {
        guard skip(",") else { throw unexpected("',' or ')'") }
        if skip(")") { break }
      }
      isFirst = false
      if skip("*") {
        result.spread = try expression()
      } else if skip("**") {
        result.spreadNamed = try expression()
      } else if case .name(let name) = current, tokens[at + 1].kind == .symbol("=") {
        at += 2
        result.named.append((name, try expression()))
      } else if result.named.isEmpty, result.spread == nil, result.spreadNamed == nil {
        result.positional.append(try expression())
      } else {
        throw TemplateError.at(line, "an argument without a name after those with")
      }
    }
    return result
  }

  private mutating func made(
    _ line: Int, _ kind: TemplateExpression.Kind
  ) throws -> TemplateExpression {
    try count()
    return TemplateExpression(line: line, kind: kind)
  }

  /// Bounds an expression's length, because its operators lie inside one another.
  private mutating func count() throws {
    operations += 1
    guard operations <= TemplateParser.maximumOperations else {
      throw TemplateError.at(
        line, "an expression of more than \(TemplateParser.maximumOperations) operations",
        code: .limitExceeded)
    }
  }
}
