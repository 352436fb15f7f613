import BinaryIO
import Execution
import JSON
import OrderedCollections
import Text

/// Writes texts with a decoder, or answers them with an encoder-decoder.
///
///     let generator = try TextGenerator(Model(contentsOf: "SmolLM2-135M-Instruct.gguf"))
///     for try await token in try generator.write("The capital of France is") {
///       print(token.text, terminator: "")
///     }
public struct TextGenerator: Sendable {
  public let tokenizer: Tokenizer
  /// What the model's files say about writing with it.
  public let settings: GenerationSettings
  let path: String
  let model: any StepModel

  /// - Throws: `.unsupported` for a model that does not write text or has no tokenizer, `.mismatch` for a tokenizer of another
  ///   model.
  public init(_ model: Model, options: SessionOptions = SessionOptions()) throws {
    let step = try DecoderStepModel(model, options: options)
    let tokenizer = try model.tokenizer()
    try self.init(
      step, tokenizer: tokenizer, settings: GenerationSettings(model, tokenizer), path: model.path)
  }

  package init(
    _ model: any StepModel, tokenizer: Tokenizer, settings: GenerationSettings, path: String
  ) throws {
    try tokenizer.requireOwnTokens(within: model.vocabulary, path: path)
    self.model = model
    self.tokenizer = tokenizer
    self.settings = settings
    self.path = path
  }

  /// The most tokens that a prompt and its continuation may have together.
  public var contextLength: Int { model.contextLength }

  /// Continues `prompt`; a T5 answers it.
  /// - Throws: `.mismatch` for a prompt that is longer than the model's context.
  public func write(
    _ prompt: String, options: GenerationOptions? = nil
  ) throws -> GeneratedText {
    try write(ids: tokenizer.encode(prompt).ids, options: options)
  }

  /// Continues tokens.
  public func write(ids: [Int], options: GenerationOptions? = nil) throws -> GeneratedText {
    let options = options ?? defaults
    return try GeneratedText(
      engine([ids], options, ends: settings.endIDs, cache: cache([ids], options)))
  }

  /// Continues several prompts at once, and gives their texts in the same order.
  public func write(
    batch prompts: [String], options: GenerationOptions? = nil
  ) throws -> [String] {
    try finish(batch: prompts, options: options).map(\.text)
  }

  /// The same with the tokens, and why each text ended.
  public func finish(
    batch prompts: [String], options: GenerationOptions? = nil
  ) throws -> [FinishedText] {
    guard !prompts.isEmpty else { return [] }
    let options = options ?? defaults
    let ids = try prompts.map { try tokenizer.encode($0).ids }
    var engine = try engine(ids, options, ends: settings.endIDs, cache: cache(ids, options))
    while !engine.isDone { _ = try engine.step() }
    return engine.rows.map { row in
      FinishedText(
        text: row.text, ids: row.ids, promptIDs: row.prompt, finishReason: row.finish ?? .length)
    }
  }

  /// What the model's makers recommend.
  public var defaults: GenerationOptions { GenerationOptions(sampling: settings.sampling) }

  /// A past with room for the prompts and what may follow, within reason.
  func cache(_ prompts: [[Int]], _ options: GenerationOptions) throws -> TokenCache {
    let longest = prompts.map { model.opening($0).count }.max() ?? 0
    let wanted = longest + min(max(options.maximumTokens, 0), 1024)
    let capacity = min(wanted, max(model.contextLength, 1))
    return try namingFile(path) {
      TokenCache(try model.makePast(batch: prompts.count, capacity: (capacity + 63) / 64 * 64))
    }
  }

  func engine(
    _ prompts: [[Int]], _ options: GenerationOptions, ends: Set<Int>, cache: TokenCache
  ) throws -> GenerationEngine {
    try namingFile(path) {
      try GenerationEngine(
        model, cache, prompts: prompts, tokenizer: tokenizer, options: options, endIDs: ends)
    }
  }
}

/// A text that a model wrote.
public struct FinishedText: Sendable, Hashable {
  public var text: String
  /// The one that ended the text included.
  public var ids: [Int]
  public var promptIDs: [Int]
  public var finishReason: FinishReason
}
