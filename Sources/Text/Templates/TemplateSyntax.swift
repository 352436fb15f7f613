/// An expression of a template, and its line.
struct TemplateExpression: Sendable {
  let line: Int
  let kind: Kind

  indirect enum Kind: Sendable {
    case constant(TemplateConstant)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    /// `object.name`
    case attribute(TemplateExpression, String)
    /// `object[key]`
    case item(TemplateExpression, TemplateExpression)
    /// `object[start:stop:step]`
    case slice(TemplateExpression, [TemplateExpression?])
    case call(TemplateExpression, TemplateArguments)
    /// `object | name(…)`
    case filter(TemplateExpression, String, TemplateArguments)
    /// `object is name(…)`
    case test(TemplateExpression, String, TemplateArguments)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case arithmetic(String, TemplateExpression, TemplateExpression)
    /// `a ~ b ~ c`
    case concatenation([TemplateExpression])
    case comparison(TemplateExpression, [TemplateOperand])
    /// `value if test else other`
    case conditional(
      test: TemplateExpression, value: TemplateExpression, other: TemplateExpression?)
    /// The text that a filter block encloses.
    case enclosedText
  }
}

/// What stands behind the first value of a comparison: `< 3`.
struct TemplateOperand: Sendable {
  let symbol: String
  let value: TemplateExpression
}

/// A value that the template spells out.
enum TemplateConstant: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
}

/// What stands between the parentheses of a call.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
  /// `*values`
  var spread: TemplateExpression?
  /// `**members`
  var spreadNamed: TemplateExpression?
}

/// Where an assignment goes.
indirect enum TemplateTarget: Sendable {
  case name(String)
  /// `namespace.attribute`
  case attribute(String, String)
  case tuple([TemplateTarget])
}

/// A macro, or the body of a call block.
struct TemplateMacro: Sendable {
  var name: String
  var parameters: [(name: String, value: TemplateExpression?)]
  var body: [TemplateStatement]
}

/// A statement of a template, and its line.
struct TemplateStatement: Sendable {
  let line: Int
  let kind: Kind

  indirect enum Kind: Sendable {
    case text(String)
    case output(TemplateExpression)
    /// The first branch whose condition holds; no condition: else.
    case branches([(condition: TemplateExpression?, body: [TemplateStatement])])
    case loop(TemplateLoop)
    case assign(TemplateTarget, TemplateExpression)
    /// `{% set x %}…{% endset %}`, perhaps with filters.
    case assignText(TemplateTarget, TemplateExpression, [TemplateStatement])
    case macro(TemplateMacro)
    /// `{% call macro() %}…{% endcall %}`
    case callBlock(TemplateExpression, TemplateMacro)
    case filterBlock(TemplateExpression, [TemplateStatement])
    case with([(target: TemplateTarget, value: TemplateExpression)], [TemplateStatement])
    /// `{% generation %}`: the assistant's words.
    case generation([TemplateStatement])
    case `break`
    case `continue`
  }
}

/// `{% for … %}`
struct TemplateLoop: Sendable {
  var target: TemplateTarget
  var iterated: TemplateExpression
  /// `if …` behind what is iterated.
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  var otherwise: [TemplateStatement]
}
