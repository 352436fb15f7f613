import BinaryIO
import Synchronization

/// A text while a model writes it: a sequence of tokens, each computed when it is asked for.
///
///     for try await token in try generator.write("Once upon a time") { print(token.text, terminator: "") }
public final class GeneratedText: AsyncSequence, Sendable {
  /// The tokens that the model read first.
  public let promptIDs: [Int]
  private let state: Mutex<State>

  private struct State: Sendable {
    var engine: GenerationEngine
    var started: Double?
    var first: Double?
    var latest: Double?
  }

  init(_ engine: GenerationEngine) {
    promptIDs = engine.rows[0].prompt
    state = Mutex(State(engine: engine))
  }

  /// Computes the next token; nil when the text has ended.
  /// - Throws: what goes wrong in the model or its tokenizer.
  public func next() throws -> GeneratedToken? {
    try state.withLock { state in
      guard !state.engine.isDone else { return nil }
      if state.started == nil { state.started = System.seconds }
      let token = try state.engine.step()[0]
      state.latest = System.seconds
      if state.first == nil { state.first = state.latest }
      return token
    }
  }

  /// Computes all that is left, and gives the whole text.
  public func finish() throws -> String {
    while try next() != nil {}
    return text
  }

  /// The text so far; what may become a stop word is not in it yet.
  public var text: String { state.withLock { $0.engine.rows[0].text } }
  /// The tokens so far, the one that ended the text included.
  public var ids: [Int] { state.withLock { $0.engine.rows[0].ids } }
  /// Why the text ended; nil while it goes on.
  public var finishReason: FinishReason? { state.withLock { $0.engine.rows[0].finish } }

  /// Seconds from the first request to the first token; nil before it.
  public var firstTokenSeconds: Double? {
    state.withLock { state in
      guard let started = state.started, let first = state.first else { return nil }
      return first - started
    }
  }

  /// How fast tokens are written once the prompt has been read; of a single token, the prompt's time included.
  public var tokensPerSecond: Double {
    state.withLock { state in
      guard let started = state.started, let first = state.first, let latest = state.latest else {
        return 0
      }
      let count = state.engine.rows[0].ids.count
      return count > 1
        ? Double(count - 1) / Swift.max(latest - first, 1e-9) : 1 / Swift.max(first - started, 1e-9)
    }
  }

  /// Hands on one token after the other. Ends early when the task is cancelled.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let text: GeneratedText

    public func next() async throws -> GeneratedToken? {
      try Task.checkCancellation()
      await Task.yield()
      return try text.next()
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(text: self) }
}
