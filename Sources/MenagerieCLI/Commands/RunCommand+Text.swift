import ArgumentParser
import BinaryIO
import Formats
import JSON
import Menagerie
import ModelGraph
import NumPyConverter
import Tensors
import Zoo

extension RunCommand {
  /// The texts of the command line and of the file, which has one a line.
  private func texts() throws -> [String] {
    guard let file else { return subjects }
    return try subjects + TextLines.read(file)
  }

  func runTexts(_ model: Model) throws {
    let task = try task ?? model.textTask
    guard outputs == nil || task == .embed else {
      throw ValidationError("--outputs without --inputs is for embeddings")
    }
    let takesPixels = try model.takesPixels
    guard labels.isEmpty || takesPixels else {
      throw ValidationError("--labels is for a model that takes pictures and texts")
    }
    switch task {
    case .embed: takesPixels ? try embedBoth(model) : try embed(TextEmbedder(model))
    case .similarity: try compare(TextEmbedder(model))
    case .fillMask: try fill(MaskFiller(model))
    case .classify: try classify(TextClassifier(model))
    case .zeroShot: try match(ZeroShotClassifier(model))
    case .tokens: try label(TokenClassifier(model), texts())
    case .answer: try answer(QuestionAnswerer(model), texts())
    }
  }

  private func vectors(
    _ embedder: TextEmbedder, _ texts: [String]
  ) throws -> [[Float]] {
    let (vectors, cut) = try embedder.embedNotingCuts(texts)
    if embedder.isPoolingGuessed {
      Terminal.note("no file says how to pool: the mean of the tokens' vectors, with length 1")
    }
    if let first = cut.first {
      Terminal.note(
        "\(cut.count) of \(texts.count) texts are longer than the model takes, and were cut; "
          + "the first is '\(Terminal.shortened(texts[first]))'")
    }
    return vectors
  }

  private func embed(_ embedder: TextEmbedder) throws {
    let texts = try texts()
    let vectors = try vectors(embedder, texts)
    let width = vectors.first?.count ?? 0
    if let outputs {
      let tensor = Tensor(shape: [vectors.count, width], vectors.flatMap(\.self))
      try NPZ.write([TensorEntry(name: "embeddings", tensor)], to: outputs)
      if !json { Terminal.say("embeddings  \(tensor.dataType) \(tensor.shape)") }
    }
    if json {
      Terminal.say(json: [
        "results": .array(
          zip(texts, vectors).map {
            ["text": .string($0), "embedding": .array($1.map { .number(shortest: $0) })]
          })
      ])
    } else if outputs == nil {
      for (text, vector) in zip(texts, vectors) { sayVector(text, vector) }
      if texts.count > 1 { sayMostSimilar(texts, vectors) }
    }
  }

  /// How a vector begins.
  func sayVector(_ name: String, _ vector: [Float]) {
    let start = vector.prefix(4).map { Quantities.fixed(Double($0), 4) }
    Terminal.say(
      "\(Terminal.bold(Terminal.shortened(name)))\n  \(vector.count) numbers: "
        + start.joined(separator: " ") + (vector.count > 4 ? " …" : ""))
  }

  /// For each text the one that is nearest to it.
  func sayMostSimilar(_ texts: [String], _ vectors: [[Float]]) {
    Terminal.say("")
    for (index, vector) in vectors.enumerated().prefix(20) {
      let others = vectors.indices.filter { $0 != index }
        .map { ($0, TextEmbedder.similarity(vector, vectors[$0])) }
      guard let best = others.max(by: { $0.1 < $1.1 }) else { continue }
      Terminal.say(
        "\(Quantities.fixed(best.1, 3))  \(Terminal.shortened(texts[index], to: 32)) ~ "
          + Terminal.shortened(texts[best.0], to: 32))
    }
  }

  /// Each text with each other.
  private func compare(_ embedder: TextEmbedder) throws {
    let texts = try texts()
    guard texts.count > 1 else {
      throw ValidationError("--task similarity takes two texts or more")
    }
    let vectors = try vectors(embedder, texts)
    let table = vectors.map { a in vectors.map { TextEmbedder.similarity(a, $0) } }
    if json {
      Terminal.say(json: [
        "texts": .array(texts.map { .string($0) }),
        "similarities": .array(table.map { .array($0.map { .number($0) }) }),
      ])
      return
    }
    for (index, row) in table.enumerated() {
      let numbers = row.map { value in
        let text = Quantities.fixed(value, 3)
        return String(repeating: " ", count: max(0, 6 - text.count)) + text
      }
      Terminal.say("\(numbers.joined(separator: " "))  \(Terminal.shortened(texts[index]))")
    }
  }

  private func fill(_ filler: MaskFiller) throws {
    var results: [JSONValue] = []
    for text in try texts() {
      let answers = try filler.fill(text, top: top)
      if json {
        let masks = answers.map { candidates in
          JSONValue.array(
            candidates.map {
              ["token": .string($0.token), "id": .integer($0.id), "score": .number($0.score)]
            })
        }
        results.append([
          "text": .string(text), "fill": masks.count == 1 ? masks[0] : .array(masks),
        ])
        continue
      }
      Terminal.say(Terminal.bold(text))
      for (index, candidates) in answers.enumerated() {
        if answers.count > 1 { Terminal.say("\(filler.mask) \(index + 1)") }
        for one in candidates { Terminal.say(score: one.score, one.token) }
      }
    }
    if json { Terminal.say(json: ["results": .array(results)]) }
  }

  private func classify(_ classifier: TextClassifier) throws {
    let texts = try texts()
    let answers = try classifier.classify(texts.map { ($0, nil) }, top: top)
    if json {
      Terminal.say(json: [
        "results": .array(
          zip(texts, answers).map { ["text": .string($0), "classes": $1.json] })
      ])
      return
    }
    for (text, classes) in zip(texts, answers) {
      Terminal.say(Terminal.bold(Terminal.shortened(text)))
      for one in classes {
        Terminal.say(score: one.score, one.label, isNumber: classifier.isRegression)
      }
    }
  }
}

extension Model {
  /// Whether texts are what it takes.
  var takesTokens: Bool {
    get throws {
      let graph = try graph()
      return graph.inputs.contains { graph[$0].name == "input_ids" }
    }
  }

  /// Whether pictures are among what it takes, under the name that transformers gives them.
  var takesPixels: Bool {
    get throws {
      let graph = try graph()
      return graph.inputs.contains { graph[$0].name == "pixel_values" }
    }
  }

  /// What it does with a text: what its weights are for, or else what its outputs look like.
  /// - Throws: `.unsupported` for what is not done here, with the way to do it.
  var textTask: RunCommand.Task {
    get throws {
      switch zooModel?.configuration.task {
      case .textFeatures: return .embed
      case .maskedLanguageModel: return .fillMask
      case .textClassification: return .classify
      case .tokenClassification: return .tokens
      case .questionAnswering: return .answer
      case .imageTextMatching: return .zeroShot
      case .textGeneration, .textToText:
        throw DataError(
          .unsupported, "writes texts", path: path,
          remedy: "have it write with 'menagerie generate \(path) --prompt TEXT'")
      case .some(let task):
        throw DataError(
          .unsupported, "is for \(task.rawValue), which has no answer of its own here", path: path,
          remedy: "give it token ids with --inputs, or name one with --task")
      case nil: break
      }
      let graph = try graph()
      let outputs = graph.outputs.map { graph[$0] }
      if try takesPixels { return .zeroShot }
      if outputs.contains(where: { $0.name == "last_hidden_state" }) { return .embed }
      return outputs.first?.type.rank == 2 ? .classify : .fillMask
    }
  }
}

extension Terminal {
  /// A text in one line of at most `limit` characters.
  static func shortened(_ text: String, to limit: Int = 72) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
  }
}

extension JSONValue {
  /// The shortest number that reads back as the same float.
  static func number(shortest value: Float) -> JSONValue {
    .number(Double(value.description) ?? Double(value))
  }
}
