import BinaryIO
import JSON
import OrderedCollections
import Synchronization
import Text

/// A conversation with a model, written as its chat template wants it.
///
///     let chat = try generator.conversation(system: "You are terse.")
///     print(try chat.send("What is the capital of France?").finish())
///
/// What was said stays in the model's memory: a turn reads only what is new.
public final class Conversation: Sendable {
  private let generator: TextGenerator
  private let template: ChatTemplate
  private let state: Mutex<State>

  private struct State: Sendable {
    var messages: [JSONValue]
    var answer: GeneratedText?
    var cache: TokenCache?
  }

  init(_ generator: TextGenerator, system: String?) throws {
    guard let source = generator.settings.chatTemplate else {
      throw DataError(
        .unsupported, "has no chat template", path: generator.path,
        remedy: "continue a text instead (without --chat)")
    }
    self.generator = generator
    template = try namingFile(generator.path) { try ChatTemplate(source) }
    let first: [JSONValue] = system.map { [["role": "system", "content": .string($0)]] } ?? []
    state = Mutex(State(messages: first))
  }

  /// What was said so far: objects with `role` and `content`.
  public var messages: [JSONValue] { state.withLock { Conversation.completed($0) } }

  /// Says something, and gives the model's answer as it writes it.
  ///
  /// The answer belongs to the conversation as far as it was asked for when the next thing is said.
  /// - Throws: `.mismatch` when the template refuses the messages, or they are longer than the model's context.
  public func send(_ text: String, options: GenerationOptions? = nil) throws -> GeneratedText {
    try state.withLock { state in
      let options = options ?? generator.defaults
      let messages =
        Conversation.completed(state) + [["role": "user", "content": .string(text)]]
      let prompt = try namingFile(generator.path) { try self.prompt(messages) }
      let ids = try generator.tokenizer.encode(prompt, addSpecialTokens: false).ids
      let cache = try state.cache ?? generator.cache([ids], options)
      let answer = GeneratedText(
        try generator.engine(
          [ids], options, ends: generator.settings.turnEnds(generator.tokenizer), cache: cache))
      state.messages = messages
      state.cache = cache
      state.answer = answer
      return answer
    }
  }

  private static func completed(_ state: State) -> [JSONValue] {
    guard let answer = state.answer else { return state.messages }
    return state.messages + [["role": "assistant", "content": .string(answer.text)]]
  }

  private func prompt(_ messages: [JSONValue]) throws -> String {
    try template.render(
      messages: messages, addGenerationPrompt: true,
      variables: generator.settings.tokens.mapValues { .string($0) })
  }
}

extension TextGenerator {
  /// A conversation, perhaps with a word to the model beforehand.
  /// - Throws: `.unsupported` for a model without a chat template.
  public func conversation(system: String? = nil) throws -> Conversation {
    try Conversation(self, system: system)
  }
}
