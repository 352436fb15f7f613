import BinaryIO
import JSON
import ModelGraph
import OrderedCollections
import Text
import Training
import Zoo

/// Learns to write: plain text, answers to prompts, an assistant's turns in conversations.
public struct GenerateTask: LearningTask {
  public static let name = "generate"
  public static let summary =
    "a text, prompts with answers, or conversations, for a model that writes"
  public static let heeded: Set<DataOption> = [
    .textColumn, .promptColumn, .answerColumn, .chatColumn, .maximumLength,
  ]

  public let model: Model
  public let head: Set<String>
  public let isHeadNew = false
  public let isVarying = true
  private let dataset: LanguageDataset
  private let sources: (training: LanguageSource, validation: LanguageSource)
  public let unit: String
  public let notes: [String]

  /// There is no last layer of its own that could learn alone.
  public static var usualMethod: String { FullMethod.name }

  public static func fits(_ model: Model, _ data: DataGlance) -> Bool {
    (try? check(model)) != nil && data.texts?.isLanguage == true
  }

  private static func check(_ model: Model) throws {
    let graph = try model.graph()
    guard TextInput.isTaken(by: model), graph.outputs.first.map({ graph[$0].type.rank }) == 3,
      model.zooModel.map({ $0.configuration.task == .textGeneration }) ?? true
    else {
      throw DataError(
        .unsupported, "does not tell what follows in a text, so that it cannot learn to write",
        expected: "a decoder such as Llama, Qwen, Gemma or GPT-2", path: model.path)
    }
  }

  public init(_ model: Model, data: String, options: FineTuningOptions) throws {
    try Self.check(model)
    head = try Self.head(of: model, options)
    var asked = LanguageDataset.Options()
    asked.textColumn = options.texts.textColumn
    asked.promptColumn = options.texts.promptColumn
    asked.answerColumn = options.texts.answerColumn
    asked.conversationColumn = options.texts.conversationColumn
    asked.validationShare = options.validationShare
    asked.seed = options.seed
    asked.skipsBad = options.skipsBad
    let dataset = try LanguageDataset(data, asked)
    var writer = try LanguageEncoder(model, options, dataset)
    var training = try writer.samples(dataset.training)
    var validation = try writer.samples(dataset.validation)
    if dataset.validation.isEmpty, writer.isPlain {
      // One text: its end is what it is judged by
      let count = Int((Double(training.count) * options.validationShare).rounded())
      validation = Array(training.suffix(max(0, min(count, training.count - 1))))
      training.removeLast(validation.count)
    }
    guard training.contains(where: \.teaches) else {
      throw DataError(
        .malformed, "has nothing that is to be learnt",
        expected: writer.isPlain
          ? "a text of two tokens or more"
          : "an answer within the first \(writer.length) tokens", path: data)
    }
    func source(_ samples: [TokenSample]) -> LanguageSource {
      LanguageSource(
        samples, inputs: writer.input.text.inputs, padding: writer.input.padding,
        limit: writer.input.limit)
    }
    sources = (source(training), source(validation))
    unit = writer.isPlain ? "blocks" : "samples"
    notes = dataset.evidence + writer.notes
    self.model = model
    self.dataset = dataset
  }

  /// The layer of the vocabulary, where it has weights of its own.
  private static func head(of model: Model, _ options: FineTuningOptions) throws -> Set<String> {
    guard options.method == HeadMethod.name else { return [] }
    let graph = try model.graph()
    guard let layer = try? ClassifierHead(of: graph),
      !graph.nodes.contains(where: { node in
        node.operator.name == "Gather" && node.inputs[0].map { graph[$0].name } == layer.weight
      })
    else {
      throw DataError(
        .unsupported, "shares its last layer with its embeddings, so that it cannot learn alone",
        path: model.path, remedy: "choose another --method: full, or lora, which needs less memory")
    }
    return Set(layer.names)
  }

  public var objective: any Objective { TokenObjective() }
  public var training: any TrainingSource { sources.training }
  public var validation: any TrainingSource { sources.validation }
  public func judge() -> any Judge { PerplexityJudge() }

  public var signature: String {
    let tokens = sources.training.samples.reduce(0) { $0 + $1.ids.count }
    return "\(sources.training.count) \(unit) of \(tokens) tokens"
  }
  public var skipped: [DataError] { dataset.skipped }
}

/// Makes tokens of what a language model is to learn.
private struct LanguageEncoder {
  let input: TextInput
  /// The most tokens of a sample.
  let length: Int
  private let path: String
  private let settings: GenerationSettings
  /// What conversations are written by; nil where there are none.
  private let template: ChatTemplate?
  /// Whether texts are learnt from end to end, in blocks.
  let isPlain: Bool
  private var cut = 0
  private var useless = 0

  init(_ model: Model, _ options: FineTuningOptions, _ dataset: LanguageDataset) throws {
    input = try TextInput(model, maximum: options.texts.maximumLength)
    if case .text? = dataset.training.first?.content { isPlain = true } else { isPlain = false }
    // Longer ones take much memory, and tell little more
    let usual = isPlain ? 256 : 1024
    length = options.texts.maximumLength ?? min(input.limit ?? usual, usual)
    settings = try GenerationSettings(model, input.text.tokenizer)
    let talks = dataset.training.contains {
      if case .conversation = $0.content { true } else { false }
    }
    template = try talks ? settings.chatTemplate.map { try ChatTemplate($0) } : nil
    path = model.path
  }

  var notes: [String] {
    var notes: [String] = []
    if isPlain {
      notes.append("the text is learnt in blocks of \(length) tokens")
    } else if cut > 0 {
      notes.append(
        "\(cut) samples are longer than \(length) tokens: what lies beyond is left out")
    }
    if useless > 0 {
      notes.append("\(useless) samples have no answer within \(length) tokens, and are left out")
    }
    return notes
  }

  private func encode(_ text: String) throws -> [Int] {
    try input.text.encode(text, addSpecialTokens: false).ids
  }

  mutating func samples(_ samples: [LanguageDataset.Sample]) throws -> [TokenSample] {
    var plain: [[Int]] = []
    var others: [TokenSample] = []
    let specials = input.text.tokenizer.specials
    // What the tokenizer itself puts before a text
    let beginning = try input.text.tokenizer.encode("").ids.filter { $0 == specials.bos }
    for sample in samples {
      try naming("\(sample.path), line \(sample.line)") {
        switch sample.content {
        case .text(let text): plain.append(try encode(text))
        case .completion:
          let pieces = try sample.content.pieces { _, _ in "" }
          keep(
            try TokenSample(pieces, beginning: beginning, end: specials.eos, encode: encode),
            in: &others)
        case .conversation:
          keep(
            try TokenSample(sample.content.pieces(template: chat), encode: encode), in: &others)
        }
      }
    }
    return others
      + TokenSample.blocks(
        of: plain, length: length, separator: plain.count > 1 ? specials.eos : nil)
  }

  private mutating func keep(_ sample: TokenSample, in samples: inout [TokenSample]) {
    let part = sample.prefix(length)
    guard part.teaches else {
      useless += 1
      return
    }
    if part.ids.count < sample.ids.count { cut += 1 }
    samples.append(part)
  }

  /// The model's own words around turns.
  private func chat(_ turns: [LanguageDataset.Turn], isAsking: Bool) throws -> String {
    guard let template else {
      throw DataError(
        .unsupported, "has no chat template", path: path,
        remedy: "give prompts with answers, or a model that was made for conversations")
    }
    return try template.render(
      messages: turns.map { ["role": .string($0.role), "content": .string($0.content)] },
      addGenerationPrompt: isAsking, variables: settings.tokens.mapValues { .string($0) })
  }
}
