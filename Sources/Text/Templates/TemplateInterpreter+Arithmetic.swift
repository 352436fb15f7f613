import BinaryIO

/// `+ - * / // % **`, as Python has them, on whole numbers of 64 bits.
extension TemplateInterpreter {
  func arithmetic(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws -> TemplateValue {
    if let a = left.wholeNumber, let b = right.wholeNumber {
      return try whole(symbol, a, b)
    }
    if let a = left.anyNumber, let b = right.anyNumber {
      return .number(try fractional(symbol, a, b))
    }
    switch (symbol, left, right) {
    case ("+", .string(let a), .string(let b)): return .string(try checked(a + b))
    case ("+", .list(let a), .list(let b)): return try .list(a.items + b.items)
    case ("+", .tuple(let a), .tuple(let b)): return try .tuple(a.items + b.items)
    case ("*", _, _) where right.wholeNumber != nil:
      if let product = try repeated(left, right.wholeNumber ?? 0) { return product }
    case ("*", _, _) where left.wholeNumber != nil:
      if let product = try repeated(right, left.wholeNumber ?? 0) { return product }
    case ("%", .string(let format), _):
      let values = if case .tuple(let items) = right { items.items } else { [right] }
      return .string(try checked(PythonText.formatted(format, values)))
    default: break
    }
    throw DataError(
      .malformed, "'\(symbol)' between \(name(left)) and \(name(right))",
      expected: symbol == "+" ? "two numbers, strings or lists ('~' joins anything)" : "numbers")
  }

  private func repeated(_ value: TemplateValue, _ count: Int) throws -> TemplateValue? {
    let count = max(count, 0)
    let (size, overflow) = value.weight.multipliedReportingOverflow(by: count)
    switch value {
    case .string, .list, .tuple:
      guard !overflow, size <= TemplateSequence.maximumWeight else {
        throw DataError(.limitExceeded, "repeats \(value.kindName) \(count) times")
      }
    default: return nil
    }
    switch value {
    case .string(let text): return .string(try checked(String(repeating: text, count: count)))
    case .tuple(let items):
      return try .tuple(Array(repeatElement(items.items, count: count).joined()))
    default:
      let items = value.elements ?? []
      return try .list(Array(repeatElement(items, count: count).joined()))
    }
  }

  private func whole(_ symbol: String, _ a: Int, _ b: Int) throws -> TemplateValue {
    let result: (partialValue: Int, overflow: Bool)
    switch symbol {
    case "+": result = a.addingReportingOverflow(b)
    case "-": result = a.subtractingReportingOverflow(b)
    case "*": result = a.multipliedReportingOverflow(by: b)
    case "/": return .number(try fractional("/", Double(a), Double(b)))
    case "//", "%":
      guard b != 0 else { throw DataError(.malformed, "divides by zero") }
      guard b != -1 else { return try symbol == "%" ? .integer(0) : whole("-", 0, a) }
      let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
      let isLow = rest != 0 && (rest < 0) != (b < 0)
      return .integer(symbol == "//" ? quotient - (isLow ? 1 : 0) : rest + (isLow ? b : 0))
    default:
      guard b >= 0 else { return .number(try fractional("**", Double(a), Double(b))) }
      result = try power(a, b)
    }
    guard !result.overflow else {
      throw DataError(.limitExceeded, "\(a) \(symbol) \(b) is too large a number")
    }
    return .integer(result.partialValue)
  }

  private func power(_ base: Int, _ exponent: Int) throws -> (partialValue: Int, overflow: Bool) {
    if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
    if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
    guard exponent < 64 else { return (0, true) }
    var result = (partialValue: 1, overflow: false)
    for _ in 0..<exponent where !result.overflow {
      result = result.partialValue.multipliedReportingOverflow(by: base)
    }
    return result
  }

  private func fractional(_ symbol: String, _ a: Double, _ b: Double) throws -> Double {
    switch symbol {
    case "+": return a + b
    case "-": return a - b
    case "*": return a * b
    case "**":
      guard b == b.rounded(), b.magnitude <= 1024 else {
        if b == 0.5, a >= 0 { return a.squareRoot() }
        throw DataError(.unsupported, "'**' with the exponent \(b)")
      }
      var result = 1.0
      for _ in 0..<Int(b.magnitude) { result *= a }
      return b < 0 ? 1 / result : result
    default:
      guard b != 0 else { throw DataError(.malformed, "divides by zero") }
      if symbol == "/" { return a / b }
      let floor = (a / b).rounded(.down)
      return symbol == "//" ? floor : a - floor * b
    }
  }
}
