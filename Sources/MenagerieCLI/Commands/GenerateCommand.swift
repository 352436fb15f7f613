import ArgumentParser
import BinaryIO
import Execution
import JSON
import Menagerie

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Write text with a decoder.",
    discussion: """
      menagerie generate SmolLM2.gguf "The capital of France is"
      menagerie generate SmolLM2.gguf --chat --prompt "Name three rivers." --temperature 0.7
      menagerie generate SmolLM2.gguf --chat
      menagerie generate SmolLM2.gguf --prompt "Once upon a time" --prompt "Dear Sir,"

      Several prompts are written together. Without any the text is read from stdin; with --chat on a terminal it is a conversation.
      Tokens are chosen as the model's files recommend, or the likeliest each time where they say nothing.
      """)

  @Argument(help: "A model file, or a Hugging Face directory.", completion: .file())
  var model: String

  @Argument(help: "The text to continue, in one pair of quotes; the same as --prompt.")
  var text: String?

  @Option(
    name: .customLong("prompt"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The text to continue, or what is said in a chat; may be given again.", valueName: "text"))
  var furtherPrompts: [String] = []

  @Option(help: ArgumentHelp("A file of prompts, one a line.", valueName: "file"))
  var file: String?

  @Option(
    help: ArgumentHelp("An adapter of peft's (LoRA) to run it with.", valueName: "folder"),
    completion: .directory)
  var adapter: String?

  @Flag(help: "Write the prompt as the model's chat template wants it, and answer.")
  var chat = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What the model is told before a chat.", valueName: "text"))
  var system: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("The most tokens to write.", valueName: "n"))
  var maxTokens = 512

  @OptionGroup(title: "Choosing tokens") var sampling: SamplingOptions

  @Option(
    name: .customLong("stop"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Words that end the text; may be given again.", valueName: "text"))
  var stops: [String] = []

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "One JSON document.")
  var json = false

  var prompts: [String] { (text.map { [$0] } ?? []) + furtherPrompts }

  func validate() throws {
    guard maxTokens > 0 else {
      throw ValidationError("--max-tokens \(maxTokens): expected 1 or more")
    }
    guard system == nil || chat else { throw ValidationError("--system goes with --chat") }
    guard !prompts.contains("") else { throw ValidationError("the prompt is empty") }
    guard !chat || prompts.count < 2 && file == nil else {
      throw ValidationError("--chat takes one prompt")
    }
    guard !stops.contains("") else { throw ValidationError("--stop is empty") }
    if prompts.isEmpty, file == nil, System.hasTerminalInput, !chat || json {
      throw ValidationError("give a text in quotes, or talk to the model with --chat")
    }
  }

  func run() throws {
    var loaded = try Model(contentsOf: model)
    if let adapter { loaded = try loaded.mergingAdapter(at: adapter) }
    let generator = try TextGenerator(loaded, options: SessionOptions(threads: threads.count))
    let options = GenerationOptions(
      sampling: sampling.applied(to: generator.settings.sampling), maximumTokens: maxTokens,
      stops: stops)
    if sampling.isSeedIdle(options.sampling) {
      Terminal.note("--seed changes nothing at temperature 0")
    }
    let conversation = try chat ? generator.conversation(system: system) : nil
    if let conversation, prompts.isEmpty, System.hasTerminalInput {
      return try talk(conversation, options)
    }
    if prompts.count > 1 || file != nil {
      return try PromptList(prompts: prompts, file: file, json: json).write(
        with: generator, options)
    }
    let text = try prompts.first ?? input()
    let answer =
      try conversation?.send(text, options: options) ?? generator.write(text, options: options)
    try show(answer)
  }

  /// A turn for each line that a person types.
  private func talk(_ conversation: Conversation, _ options: GenerationOptions) throws {
    Terminal.note("Ctrl-D ends the conversation.")
    while true {
      System.writeError("> ")
      guard let line = readLine() else { break }
      if line.unicodeScalars.allSatisfy({ $0.properties.isWhitespace }) { continue }
      do {
        try show(try conversation.send(line, options: options))
      } catch let error as DataError where error.code == .mismatch {
        // The conversation no longer fits: that ends it, and is no failure of the command
        Terminal.note(error.description)
        break
      }
    }
    Terminal.note("")
  }

  private func input() throws -> String {
    var lines: [String] = []
    while let line = readLine(strippingNewline: false) { lines.append(line) }
    var text = lines.joined()
    if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
    guard !text.isEmpty else {
      throw DataError(.mismatch, "no text on stdin", remedy: "give one with --prompt")
    }
    return text
  }

  private func show(_ answer: GeneratedText) throws {
    guard !json else {
      let text = try answer.finish()
      Terminal.say(json: [
        "text": .string(text), "ids": .array(answer.ids.map { .integer($0) }),
        "promptIds": .array(answer.promptIDs.map { .integer($0) }),
        "finishReason": answer.finishReason.map { .string($0.rawValue) } ?? .null,
        "tokensPerSecond": .number(answer.tokensPerSecond),
        "firstTokenSeconds": answer.firstTokenSeconds.map { .number($0) } ?? .null,
      ])
      return
    }
    while let token = try answer.next() { System.writeOutput(token.text) }
    System.writeOutput("\n")
    let count = answer.ids.count
    var note =
      "\(count) token\(count == 1 ? "" : "s"), \(Quantities.fixed(answer.tokensPerSecond, 1)) a second"
    if let seconds = answer.firstTokenSeconds {
      note += ", the first after \(Quantities.fixed(seconds, 2)) s"
    }
    switch answer.finishReason {
    case .length: note += "; there may be more (--max-tokens \(maxTokens))"
    case .context: note += "; the model's context is full"
    case .stop, nil: break
    }
    Terminal.note(note)
  }
}

/// The numbers by which tokens are chosen.
struct SamplingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How much is left to chance; 0: the likeliest token.", valueName: "t"))
  var temperature: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only the k likeliest tokens; 0: all.", valueName: "k"))
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only the likeliest tokens of this probability.", valueName: "p"))
  var topP: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only tokens of this share of the likeliest's.", valueName: "p"))
  var minP: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Makes tokens that occurred less likely; 1: no.", valueName: "r"))
  var repetitionPenalty: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The same seed gives the same text.", valueName: "s"))
  var seed: UInt64?

  func validate() throws {
    if let obstacle = applied(to: .greedy).obstacle { throw ValidationError("--\(obstacle)") }
  }

  /// What the command line says, on top of what the model's files do.
  func applied(to defaults: Sampling) -> Sampling {
    var sampling = defaults
    let draws = topK != nil || topP != nil || minP != nil
    sampling.temperature =
      temperature ?? (draws && defaults.temperature == 0 ? 1 : defaults.temperature)
    sampling.topK = topK ?? defaults.topK
    sampling.topP = topP ?? defaults.topP
    sampling.minP = minP ?? defaults.minP
    sampling.repetitionPenalty = repetitionPenalty ?? defaults.repetitionPenalty
    sampling.seed = seed
    return sampling
  }

  func isSeedIdle(_ sampling: Sampling) -> Bool { seed != nil && sampling.temperature == 0 }
}
