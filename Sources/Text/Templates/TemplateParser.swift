import BinaryIO

/// Makes statements of a template's tokens.
///
/// - Source: the grammar of Jinja 3.1, without inheritance and inclusion of other templates.
struct TemplateParser {
  /// Statements and expressions inside one another.
  static let maximumDepth = 100
  /// Operators, filters, calls … of one expression.
  static let maximumOperations = 500
  /// Bytes of a template.
  static let maximumBytes = 1 << 20

  var tokens: [TemplateToken]
  var at = 0
  var depth = 0
  var operations = 0
  private var loops = 0

  static func statements(of source: String) throws -> [TemplateStatement] {
    guard source.utf8.count <= maximumBytes else {
      throw TemplateError.at(
        1, "\(source.utf8.count) bytes of template", expected: "at most \(maximumBytes)",
        code: .limitExceeded)
    }
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
    let body = try parser.body(until: [], of: nil)
    return body
  }

  private init(tokens: [TemplateToken]) { self.tokens = tokens }

  /// Statements up to a tag that begins with one of `ends`, which is left to be read.
  private mutating func body(
    until ends: [String], of opening: (name: String, line: Int)?
  ) throws -> [TemplateStatement] {
    var statements: [TemplateStatement] = []
    while true {
      let line = line
      switch current {
      case .data(let text):
        at += 1
        statements.append(TemplateStatement(line: line, kind: .text(text)))
      case .variableBegin:
        at += 1
        operations = 0
        let value = try tuple()
        try expect(.variableEnd)
        statements.append(TemplateStatement(line: line, kind: .output(value)))
      case .blockBegin:
        at += 1
        if case .name(let name) = current, ends.contains(name) { return statements }
        operations = 0
        let kind = try nested { try $0.statement() }
        statements.append(TemplateStatement(line: line, kind: kind))
        try expect(.blockEnd)
      default:
        guard let opening else { return statements }
        throw TemplateError.at(
          opening.line, "{% \(opening.name) %} without its end",
          expected: ends.map { "{% \($0) %}" }.joined(separator: " or "))
      }
    }
  }

  private mutating func statement() throws -> TemplateStatement.Kind {
    let line = line
    let name = try name("the name of a tag")
    switch name {
    case "if": return try branches(line)
    case "for": return try loop(line)
    case "set": return try assignment(line)
    case "macro": return .macro(try macro(line))
    case "call": return try callBlock(line)
    case "filter": return try filterBlock(line)
    case "with": return try with(line)
    case "generation": return .generation(try block(name, line))
    case "break", "continue":
      guard loops > 0 else { throw TemplateError.at(line, "{% \(name) %} outside a loop") }
      return name == "break" ? .break : .continue
    case "include", "import", "from", "extends", "block", "autoescape":
      throw TemplateError.at(
        line, "{% \(name) %} is not done in chat templates", code: .unsupported)
    default:
      throw TemplateError.at(line, "unknown tag {% \(name) %}")
    }
  }

  /// The body of a block that ends with `end<name>`, which is read.
  private mutating func block(_ name: String, _ line: Int) throws -> [TemplateStatement] {
    try expect(.blockEnd)
    let body = try body(until: ["end" + name], of: (name, line))
    at += 1
    return body
  }

  private mutating func branches(_ line: Int) throws -> TemplateStatement.Kind {
    var branches: [(condition: TemplateExpression?, body: [TemplateStatement])] = []
    var condition: TemplateExpression? = try tuple(hasConditional: false)
    while true {
      try expect(.blockEnd)
      let ends = condition == nil ? ["endif"] : ["elif", "else", "endif"]
      branches.append((condition, try body(until: ends, of: ("if", line))))
      operations = 0
      switch try name("the name of a tag") {
      case "elif": condition = try tuple(hasConditional: false)
      case "else": condition = nil
      default: return .branches(branches)
      }
    }
  }

  private mutating func loop(_ line: Int) throws -> TemplateStatement.Kind {
    let target = try target(end: "in")
    guard skip(word: "in") else { throw unexpected("'in'") }
    let iterated = try tuple(hasConditional: false)
    let condition = skip(word: "if") ? try expression() : nil
    if skip(word: "recursive") {
      throw TemplateError.at(line, "recursive loops are not done", code: .unsupported)
    }
    try expect(.blockEnd)
    loops += 1
    let body = try body(until: ["endfor", "else"], of: ("for", line))
    loops -= 1
    var otherwise: [TemplateStatement] = []
    if skip(word: "else") {
      try expect(.blockEnd)
      otherwise = try self.body(until: ["endfor"], of: ("for", line))
    }
    at += 1
    return .loop(
      TemplateLoop(
        target: target, iterated: iterated, condition: condition, body: body,
        otherwise: otherwise))
  }

  private mutating func assignment(_ line: Int) throws -> TemplateStatement.Kind {
    let target = try target(end: "=")
    if skip("=") { return .assign(target, try tuple()) }
    let text = TemplateExpression(line: line, kind: .enclosedText)
    let filtered = try filters(on: text)
    return .assignText(target, filtered, try block("set", line))
  }

  private mutating func macro(_ line: Int) throws -> TemplateMacro {
    let name = try name("the macro's name")
    let parameters = try signature()
    return TemplateMacro(name: name, parameters: parameters, body: try callable("macro", line))
  }

  /// A body that is called from elsewhere: loops around it are not its own.
  private mutating func callable(_ name: String, _ line: Int) throws -> [TemplateStatement] {
    let outer = loops
    loops = 0
    defer { loops = outer }
    return try block(name, line)
  }

  private mutating func signature() throws -> [(name: String, value: TemplateExpression?)] {
    guard skip("(") else { throw unexpected("'('") }
    var parameters: [(name: String, value: TemplateExpression?)] = []
    while !skip(")") {
      if !parameters.isEmpty {
        guard skip(",") else { throw unexpected("',' or ')'") }
      }
      let name = try name("a parameter's name")
      let value = skip("=") ? try expression() : nil
      if value == nil, parameters.last?.value != nil {
        throw TemplateError.at(line, "parameter '\(name)' without a default after one with")
      }
      parameters.append((name, value))
    }
    return parameters
  }

  private mutating func callBlock(_ line: Int) throws -> TemplateStatement.Kind {
    let parameters = current == .symbol("(") ? try signature() : []
    let call = try expression()
    guard case .call = call.kind else {
      throw TemplateError.at(line, "{% call %} without a call", expected: "{% call macro() %}")
    }
    return .callBlock(
      call,
      TemplateMacro(name: "caller", parameters: parameters, body: try callable("call", line)))
  }

  private mutating func filterBlock(_ line: Int) throws -> TemplateStatement.Kind {
    // The first filter of the chain has no bar before it
    at -= 1
    tokens[at].kind = .symbol("|")
    let chain = try filters(on: TemplateExpression(line: line, kind: .enclosedText))
    return .filterBlock(chain, try block("filter", line))
  }

  private mutating func with(_ line: Int) throws -> TemplateStatement.Kind {
    var values: [(target: TemplateTarget, value: TemplateExpression)] = []
    while current != .blockEnd {
      if !values.isEmpty {
        guard skip(",") else { throw unexpected("','") }
      }
      let target = try target(end: "=")
      guard skip("=") else { throw unexpected("'='") }
      values.append((target, try expression()))
    }
    return .with(values, try block("with", line))
  }

  /// `name`, `namespace.attribute` or names with commas between them.
  private mutating func target(end: String) throws -> TemplateTarget {
    var targets: [TemplateTarget] = []
    var isTuple = false
    while true {
      if skip("(") {
        targets.append(try nested { try $0.target(end: ")") })
        guard skip(")") else { throw unexpected("')'") }
      } else {
        let name = try name("a name to assign to")
        if ["true", "false", "none", "True", "False", "None", "loop"].contains(name) {
          throw TemplateError.at(line, "cannot assign to '\(name)'")
        }
        targets.append(
          skip(".") ? .attribute(name, try self.name("an attribute's name")) : .name(name))
      }
      guard skip(",") else { break }
      isTuple = true
      if current == .symbol(end) || current == .name(end) { break }
    }
    return isTuple ? .tuple(targets) : targets[0]
  }
}

extension TemplateParser {
  var current: TemplateToken.Kind { tokens[at].kind }
  var line: Int { tokens[at].line }

  mutating func skip(_ symbol: String) -> Bool {
    guard current == .symbol(symbol) else { return false }
    at += 1
    return true
  }

  mutating func skip(word: String) -> Bool {
    guard current == .name(word) else { return false }
    at += 1
    return true
  }

  mutating func expect(_ kind: TemplateToken.Kind) throws {
    guard current == kind else {
      throw unexpected(kind == .blockEnd ? "the tag's end, %}" : "the tag's end, }}")
    }
    at += 1
  }

  mutating func name(_ what: String) throws -> String {
    guard case .name(let name) = current else { throw unexpected(what) }
    at += 1
    return name
  }

  func unexpected(_ expected: String) -> DataError {
    let found =
      switch current {
      case .data, .end: "the template's end"
      case .variableBegin: "{{"
      case .variableEnd: "}}"
      case .blockBegin: "{%"
      case .blockEnd: "%}"
      case .name(let name): "'\(name)'"
      case .string(let text): "the string '\(text)'"
      case .integer(let value): "\(value)"
      case .number(let value): "\(value)"
      case .symbol(let symbol): "'\(symbol)'"
      }
    return TemplateError.at(line, "unexpected \(found)", expected: expected)
  }

  /// Counts how far things lie inside one another.
  mutating func nested<T>(_ body: (inout TemplateParser) throws -> T) throws -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateParser.maximumDepth else {
      throw TemplateError.at(
        line, "nested more than \(TemplateParser.maximumDepth) deep", code: .limitExceeded)
    }
    return try body(&self)
  }
}
