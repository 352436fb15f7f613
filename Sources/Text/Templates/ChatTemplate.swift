import BinaryIO
import JSON
import OrderedCollections

/// The way a model wants a conversation written: a Jinja template, as tokenizers carry it.
///
///     let template = try ChatTemplate(source)
///     let prompt = try template.render(messages: [["role": "user", "content": "Hello!"]])
///
/// The part of Jinja 3.1 that chat templates use is run, as Hugging Face's `apply_chat_template` sets it up. A template
/// can do nothing but write text: it reaches neither files nor programs, and it is stopped when it goes on for ever.
public struct ChatTemplate: Sendable {
  /// What a template may take.
  public struct Limits: Sendable {
    /// Statements, expressions and elements gone through.
    public var steps = 5_000_000
    /// Bytes of text.
    public var bytes = 1 << 25
    /// Statements, expressions and macros inside one another.
    public var depth = 400

    public init() {}
  }

  /// The template's text.
  public let source: String
  public var limits = Limits()
  private let statements: [TemplateStatement]

  /// - Throws: `.malformed` with the line for what is no template, `.unsupported` for what is not done.
  public init(_ source: String) throws {
    self.source = source
    statements = try TemplateParser.statements(of: source)
  }

  /// The conversation as text.
  ///
  /// - Parameters:
  ///   - messages: objects with `role` and `content` (a string, or parts), perhaps `tool_calls`.
  ///   - tools: JSON schemas of functions that the model may call.
  ///   - addGenerationPrompt: whether the text ends where the model's answer begins.
  ///   - variables: what else the template may ask for, such as `enable_thinking` or `documents`.
  /// - Throws: `.mismatch` when the template refuses the conversation, `.limitExceeded` when it takes too much.
  public func render(
    messages: [JSONValue], tools: [JSONValue]? = nil, addGenerationPrompt: Bool = false,
    bosToken: String? = nil, eosToken: String? = nil,
    variables: OrderedDictionary<String, JSONValue> = [:], now: CalendarTime? = nil
  ) throws -> String {
    var globals: [String: TemplateValue] = [
      "messages": try TemplateValue(.array(messages.map(ChatTemplate.withReasoning))),
      "tools": try tools.map { try TemplateValue(.array($0)) } ?? .none,
      "documents": .none,
      "add_generation_prompt": .bool(addGenerationPrompt),
    ]
    globals["bos_token"] = bosToken.map { .string($0) }
    globals["eos_token"] = eosToken.map { .string($0) }
    for (name, value) in variables { globals[name] = try TemplateValue(value) }
    let interpreter = TemplateInterpreter(limits: limits, now: now ?? .now)
    return try interpreter.render(statements, globals)
  }

  /// Templates name a model's thoughts in two ways: the message gets both.
  private static func withReasoning(_ message: JSONValue) -> JSONValue {
    guard let members = message.object,
      let thoughts = ["reasoning_content", "thinking", "reasoning"].lazy
        .compactMap({ members[$0] }).first(where: { !$0.isNull })
    else { return message }
    var result: OrderedDictionary<String, JSONValue> = ["thinking": thoughts]
    for (name, value) in members { result[name] = value }
    result["reasoning_content"] = thoughts
    return .object(result)
  }
}
