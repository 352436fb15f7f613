import BinaryIO
import Formats
import JSON
import OrderedCollections
import Text

/// How text is to be written.
public struct GenerationOptions: Sendable, Hashable {
  public var sampling: Sampling
  /// The most tokens that are written.
  public var maximumTokens: Int
  /// Words that end the text; they are not part of it.
  public var stops: [String]

  public init(
    sampling: Sampling = .greedy, maximumTokens: Int = 512, stops: [String] = []
  ) {
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.stops = stops
  }
}

/// What a model's own files say about writing with it.
public struct GenerationSettings: Sendable {
  /// Tokens that end a text.
  public var endIDs: Set<Int>
  /// How the model's makers want tokens to be chosen; the likeliest each time where they say nothing.
  public var sampling: Sampling
  /// The template for conversations, as it stands in the files.
  public var chatTemplate: String?
  /// `bos_token` and its kin: what templates call special tokens.
  public var tokens: OrderedDictionary<String, String>

  /// Tokens that end a turn in one or another model's conversations.
  private static let turnEnds = [
    "<|im_end|>", "<|eot_id|>", "<|end_of_turn|>", "<end_of_turn>", "<|end|>", "<|endoftext|>",
    "<|eom_id|>",
  ]

  public init(
    endIDs: Set<Int>, sampling: Sampling = .greedy, chatTemplate: String? = nil,
    tokens: OrderedDictionary<String, String> = [:]
  ) {
    self.endIDs = endIDs
    self.sampling = sampling
    self.chatTemplate = chatTemplate
    self.tokens = tokens
  }

  /// - Throws: `.malformed` for settings that cannot be read.
  public init(_ model: Model, _ tokenizer: Tokenizer) throws {
    let checkpoint = model.checkpoint
    let generation =
      try checkpoint.sidecars["generation_config.json"]
      ?? checkpoint.json(companion: "generation_config.json") ?? .null
    let config = checkpoint.sidecars["config.json"] ?? .null
    let tokenizerConfig = try checkpoint.json(companion: "tokenizer_config.json") ?? .null

    sampling = GenerationSettings.sampling(generation)
    tokens = [:]
    for (name, value) in tokenizerConfig.object ?? [:] where name.hasSuffix("_token") {
      if let text = value.string ?? value["content"]?.string { tokens[name] = text }
    }
    for (name, id) in [
      ("bos_token", tokenizer.specials.bos), ("eos_token", tokenizer.specials.eos),
    ]
    where tokens[name] == nil {
      tokens[name] = id.flatMap { tokenizer.token(of: $0) }
    }

    var ends: Set<Int> = []
    for source in [generation["eos_token_id"], config["eos_token_id"]] {
      ends.formUnion(source?.integers ?? source?.integer.map { [$0] } ?? [])
      // What is said for writing counts more than what is said of the model
      if !ends.isEmpty { break }
    }
    if let end = tokens["eos_token"].flatMap({ tokenizer.id(of: $0) }) { ends.insert(end) }
    endIDs = ends

    chatTemplate = try GenerationSettings.template(checkpoint, tokenizerConfig)
  }

  /// The ends of a text, and of a turn in a conversation.
  func turnEnds(_ tokenizer: Tokenizer) -> Set<Int> {
    let turns = GenerationSettings.turnEnds.compactMap { tokenizer.id(of: $0) }
    return endIDs.union(turns.filter { tokenizer.isSpecial($0) })
  }

  private static func sampling(_ generation: JSONValue) -> Sampling {
    var sampling = Sampling()
    sampling.repetitionPenalty = generation["repetition_penalty"]?.double ?? 1
    guard generation["do_sample"]?.bool ?? false else {
      return sampling.obstacle == nil ? sampling : .greedy
    }
    sampling.temperature = generation["temperature"]?.double ?? 1
    sampling.topK = generation["top_k"]?.integer ?? 50
    sampling.topP = generation["top_p"]?.double ?? 1
    sampling.minP = generation["min_p"]?.double ?? 0
    return sampling.obstacle == nil ? sampling : .greedy
  }

  private static func template(
    _ checkpoint: Checkpoint, _ tokenizerConfig: JSONValue
  ) throws -> String? {
    if let file = checkpoint.companions["chat_template.jinja"] {
      return try namingFile("chat_template.jinja") { try file.bytes().utf8() }
    }
    if let text = try checkpoint.json(companion: "chat_template.json")?["chat_template"]?.string {
      return text
    }
    let found = tokenizerConfig["chat_template"]
    return found?.string
      ?? found?.array?.first { $0["name"]?.string == "default" }?["template"]?.string
  }
}
