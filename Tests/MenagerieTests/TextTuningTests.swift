import BinaryIO
import Converters
import Execution
import Formats
import JSON
import Menagerie
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training
import Zoo

/// Tiny models of texts learn letters.
@Suite struct TextTuningTests {
  static let letters = (0..<20).map { String(UnicodeScalar(UInt8(97 + $0))) }

  static func write(_ path: String, _ text: String) throws {
    let writer = try AtomicFileWriter(path: path)
    try writer.write(Bytes(Array(text.utf8)))
    try writer.commit()
  }

  /// The model of a fixture as a directory with a tokenizer whose tokens are letters.
  static func model(_ name: String, in scratch: ScratchDirectory) throws -> Model {
    let folder = scratch.file(name.split(separator: "/").joined(separator: "-"))
    try System.createDirectory(folder)
    for file in ["config.json", "model.safetensors"] {
      let writer = try AtomicFileWriter(path: "\(folder)/\(file)")
      try writer.write(MappedFile(path: Fixtures.path("\(name)/\(file)")).bytes)
      try writer.commit()
    }
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + letters
    let vocabulary = words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    let specials = (0..<4).map {
      """
      {"id": \($0), "content": "\(words[$0])", "single_word": false, "lstrip": false, \
      "rstrip": false, "normalized": false, "special": true}
      """
    }.joined(separator: ", ")
    try write(
      "\(folder)/tokenizer.json",
      """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(specials)],
       "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
       "decoder": null, "model": {"type": "WordLevel", "vocab": {\(vocabulary)}, "unk_token": "[UNK]"}}
      """)
    try write(
      "\(folder)/tokenizer_config.json",
      """
      {"pad_token": "[PAD]", "unk_token": "[UNK]", "eos_token": "[SEP]", "model_max_length": 24,
       "chat_template": "{% for m in messages %}[CLS]{{ m.content }}[SEP]{% endfor %}\
      {% if add_generation_prompt %}[CLS]{% endif %}"}
      """)
    return try Model(contentsOf: folder)
  }

  /// Rows of letters: those of the first half of the alphabet, or of the second.
  static func rows(_ count: Int) -> [(text: String, isSecond: Bool)] {
    (0..<count).map { row in
      let isSecond = row % 2 == 1
      let text = (0..<(3 + row % 5)).map { place in
        letters[(isSecond ? 10 : 0) + (row * 7 + place * 3) % 10]
      }
      return (text.joined(separator: " "), isSecond)
    }
  }

  static func options(_ method: String, epochs: Int, rate: Double) -> FineTuningOptions {
    var options = FineTuningOptions()
    options.method = method
    options.epochs = epochs
    options.batchSize = 8
    options.rate = rate
    options.schedule = "constant"
    // Few steps are to show that it learns
    options.dropout = 0
    options.threads = 1
    return options
  }

  @Test(arguments: [
    "bert", "roberta", "distilbert", "mpnet", "electra-discriminator", "albert", "modernbert",
    "bert-masked",
  ])
  func anEncoderLearnsClasses(name: String) throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("encoders/\(name)", in: scratch)
    let data = scratch.file("reviews.csv")
    let rows = Self.rows(60).map { "\($0.text),\($0.isSecond ? "late" : "early")" }
    try Self.write(data, "text,label\n" + rows.joined(separator: "\n") + "\n")
    var tuner = try FineTuner(
      model, data: data, options: Self.options("full", epochs: 12, rate: 0.003))
    #expect(type(of: tuner.task) == ClassifyTask.self && tuner.task.isHeadNew)
    #expect(tuner.task.classes == ["early", "late"])
    var last: FineTuner.EpochReport?
    var losses: [Double] = []
    try tuner.run { _ in
    } report: {
      losses.append($0.loss)
      last = $0
    }
    #expect(try #require(losses.last) < 0.4 * #require(losses.first), "\(losses)")
    #expect((last?["accuracy"] ?? 0) > 0.9, "\(last?.metrics ?? [])")
    // What is written is known again, and answers with the labels
    let out = scratch.file("mine/")
    let report = try Converter().convert(tuner.model(), to: out)
    #expect(report.verification.status == .checked)
    let back = try Model(contentsOf: out)
    #expect(back.labels == ["early", "late"])
    let config = try #require(back.checkpoint.sidecars["config.json"])
    #expect(config["architectures"]?[0]?.string?.hasSuffix("ForSequenceClassification") == true)
    #expect(config["id2label"]?["1"]?.string == "late")
    let classifier = try TextClassifier(back)
    for row in Self.rows(4) {
      let label = try classifier.classify(row.text).first?.label
      #expect(label == (row.isSecond ? "late" : "early"))
    }
  }

  @Test func onlyTheHeadLearnsFromKeptFeatures() throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("encoders/roberta", in: scratch)
    let data = scratch.file("reviews.jsonl")
    let rows = Self.rows(40).map {
      "{\"review\": \"\($0.text)\", \"label\": \($0.isSecond ? 1 : 0)}"
    }
    try Self.write(data, rows.joined(separator: "\n"))
    var tuner = try FineTuner(
      model, data: data, options: Self.options("head", epochs: 30, rate: 0.02))
    var losses: [Double] = []
    try tuner.run { _ in
    } report: {
      losses.append($0.loss)
    }
    #expect(losses.count == 30)
    #expect(try #require(losses.last) < 0.8 * #require(losses.first), "\(losses)")
    let result = try tuner.model()
    for weight in model.weights where weight.entry.name.hasPrefix("encoder.") {
      let other = try #require(result.weights.first { $0.entry.name == weight.entry.name })
      #expect(try weight.entry.load().isBitEqual(to: other.entry.load()))
    }
  }

  @Test func severalLabelsAndNumbersAreLearnt() throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("encoders/bert", in: scratch)
    let many = scratch.file("many.jsonl")
    let lists = Self.rows(60).map { row in
      let names = (row.isSecond ? ["late"] : []) + (row.text.count > 9 ? ["long"] : [])
      return
        "{\"text\": \"\(row.text)\", \"labels\": [\(names.map { "\"\($0)\"" }.joined(separator: ","))]}"
    }
    try Self.write(many, lists.joined(separator: "\n"))
    var tuner = try FineTuner(
      model, data: many, options: Self.options("full", epochs: 12, rate: 0.003))
    var losses: [Double] = []
    try tuner.run { _ in
    } report: {
      losses.append($0.loss)
    }
    #expect(losses.count == 12)
    #expect(try #require(losses.last) < 0.5 * #require(losses.first), "\(losses)")
    let config = try tuner.model().checkpoint.sidecars["config.json"]
    #expect(config?["problem_type"]?.string == "multi_label_classification")
    #expect(try TextClassifier(tuner.model()).isMultiLabel)

    let numbers = scratch.file("numbers.csv")
    let rows = Self.rows(60).map { "\($0.text),\($0.isSecond ? 1.5 : -0.5)" }
    try Self.write(numbers, "text,score\n" + rows.joined(separator: "\n") + "\n")
    var other = try FineTuner(
      model, data: numbers, options: Self.options("full", epochs: 12, rate: 0.003))
    #expect(type(of: other.task) == RegressTask.self)
    var last: FineTuner.EpochReport?
    try other.run { _ in
    } report: {
      last = $0
    }
    #expect((last?["Pearson"] ?? 0) > 0.9, "\(last?.metrics ?? [])")
  }

  /// The adapter says which head the base is to have, which has none or another.
  @Test(arguments: [
    ("encoders/bert", "label"), ("encoders/bert", "labels"), ("encoders/bert", "number"),
    ("encoders/modernbert", "labels"), ("decoders/llama", "label"),
  ])
  func anAdapterBringsItsHeadAlong(name: String, target: String) throws {
    let scratch = ScratchDirectory()
    let model = try Self.model(name, in: scratch)
    let data = scratch.file("data.jsonl")
    let rows = Self.rows(16).map { row in
      let value =
        switch target {
        case "label": row.isSecond ? "\"late\"" : "\"early\""
        case "labels": row.isSecond ? "[\"late\", \"second\"]" : "[\"early\"]"
        default: row.isSecond ? "1.5" : "-0.5"
        }
      return "{\"text\": \"\(row.text)\", \"label\": \(value)}"
    }
    try Self.write(data, rows.joined(separator: "\n"))
    var options = Self.options("lora", epochs: 1, rate: 0.01)
    options.validationShare = 0
    var tuner = try FineTuner(model, data: data, options: options)
    #expect(tuner.task.isHeadNew)
    try tuner.run()
    let adapter = scratch.file("adapter/")
    try tuner.writeAdapter(to: adapter)
    let (learnt, merged) = (try tuner.model(), try model.mergingAdapter(at: adapter))
    #expect(merged.recognition?.variant == learnt.recognition?.variant)
    #expect(merged.labels == learnt.labels)
    #expect(merged.labels?.count == (target == "number" ? nil : target == "label" ? 2 : 3))
    let (config, other) = (
      learnt.checkpoint.sidecars["config.json"], merged.checkpoint.sidecars["config.json"]
    )
    #expect(config != nil && config == other)
    if target != "label" {
      let word = target == "labels" ? "multi_label_classification" : "regression"
      #expect(config?["problem_type"]?.string == word)
    }
    #expect(learnt.weights.count == merged.weights.count)
    for (one, two) in zip(learnt.weights, merged.weights) {
      #expect(one.entry.name == two.entry.name)
      #expect(try one.entry.load().isBitEqual(to: two.entry.load()), "\(one.entry.name)")
    }
    let text = Self.rows(1)[0].text
    if target != "number" {
      #expect(
        try TextClassifier(merged).classify(text).map(\.score)
          == TextClassifier(learnt).classify(text).map(\.score))
    }
  }

  @Test(arguments: [
    "gpt2", "llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3",
  ])
  func aDecoderLearnsAText(name: String) throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("decoders/\(name)", in: scratch)
    let data = scratch.file("text.txt")
    try Self.write(
      data,
      Array(repeating: Self.letters.joined(separator: " "), count: 40)
        .joined(separator: " "))
    var options = Self.options("full", epochs: 4, rate: 0.005)
    options.texts.maximumLength = 16
    options.clip = 1
    var tuner = try FineTuner(model, data: data, options: options)
    #expect(type(of: tuner.task) == GenerateTask.self)
    let before = try #require(try tuner.evaluate()?.metrics.first { $0.name == "perplexity" })
    var last: FineTuner.EpochReport?
    try tuner.run { _ in
    } report: {
      last = $0
    }
    #expect(
      (last?["perplexity"] ?? .infinity) < 0.5 * before.value,
      "\(before.value), \(last?.metrics ?? [])")
  }

  @Test func answersAreLearntAndPromptsAreNot() throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("decoders/llama", in: scratch)
    let data = scratch.file("chat.jsonl")
    let turns = (0..<12).map {
      """
      {"messages": [{"role": "user", "content": "\(Self.letters[$0]) a"}, \
      {"role": "assistant", "content": "\(Self.letters[$0 + 1])"}]}
      """
    }
    try Self.write(data, turns.joined(separator: "\n"))
    let tuner = try FineTuner(
      model, data: data, options: Self.options("full", epochs: 1, rate: 0.01))
    let batch = try tuner.task.training.batch([0, 1], epoch: 0)
    // [CLS] x a [SEP] [CLS] | y [SEP]
    #expect(batch.weight == 4)
    #expect(batch.targets.integers.prefix(4) == [-100, -100, -100, -100])
    var empty = Self.options("full", epochs: 1, rate: 0.01)
    empty.texts.maximumLength = 3
    let error = #expect(throws: DataError.self) { try FineTuner(model, data: data, options: empty) }
    #expect(error?.description.contains("nothing that is to be learnt") == true)
  }

  @Test(arguments: [" ", "\n\n", "a"])
  func aTextWithoutATokenToLearnIsRefused(text: String) throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("decoders/llama", in: scratch)
    let data = scratch.file("short.txt")
    try Self.write(data, text)
    let error = #expect(throws: DataError.self) {
      try FineTuner(model, data: data, options: Self.options("full", epochs: 1, rate: 0.01))
    }
    #expect(error?.found == "has nothing that is to be learnt")
    #expect(error?.expected == "a text of two tokens or more")
    // Two are enough
    try Self.write(data, "a b")
    let tuner = try FineTuner(
      model, data: data, options: Self.options("full", epochs: 1, rate: 0.01))
    #expect(tuner.task.training.count == 1 && tuner.task.validation.count == 0)
  }

  @Test(arguments: [false, true])
  func pairsAreBroughtTogether(scored: Bool) throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("encoders/bert", in: scratch)
    let data = scratch.file("pairs.csv")
    let rows = Self.rows(40)
    let lines = rows.indices.map { index -> String in
      guard scored else {
        // A letter belongs to that of the other half of the alphabet
        let places = (0..<(3 + index % 5)).map { (index * 7 + $0 * 3) % 10 }
        let halves = [0, 10].map { half in
          places.map { Self.letters[half + $0] }.joined(separator: " ")
        }
        return halves.joined(separator: ",")
      }
      let other = (index * 3 + index / 2) % rows.count
      let isAlike = rows[index].isSecond == rows[other].isSecond
      return "\(rows[index].text),\(rows[other].text),\(isAlike ? 4.5 : 0.5)"
    }
    try Self.write(
      data, "sentence1,sentence2" + (scored ? ",score" : "") + "\n" + lines.joined(separator: "\n"))
    var tuner = try FineTuner(
      model, data: data, options: Self.options("full", epochs: 20, rate: 0.003))
    #expect(type(of: tuner.task) == EmbedTask.self && !tuner.task.isHeadNew)
    var losses: [Double] = []
    var last: FineTuner.EpochReport?
    try tuner.run { _ in
    } report: {
      losses.append($0.loss)
      last = $0
    }
    #expect(losses.count == 20)
    #expect(try #require(losses.last) < 0.7 * #require(losses.first), "\(losses)")
    #expect((last?[scored ? "Spearman" : "nearest"] ?? 0) > 0.4, "\(last?.metrics ?? [])")
    // The pooler has no part in it
    let pooler = try #require(model.weights.first { $0.entry.name == "pooler.dense.weight" })
    let after = try #require(
      try tuner.model().weights.first { $0.entry.name == "pooler.dense.weight" })
    #expect(try pooler.entry.load().isBitEqual(to: after.entry.load()))
  }

  @Test func whereNobodySaysAMethodTheTasksOwnIsTaken() throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("encoders/bert", in: scratch)
    let rows = Self.rows(20).map(\.text)
    for (columns, wanted) in [("sentence1,sentence2", "full"), ("text,label", "head")] {
      let data = scratch.file("data.csv")
      let lines = rows.indices.map { index in
        "\(rows[index]),\(columns == "text,label" ? "\(index % 2)" : rows[index])"
      }
      try Self.write(data, "\(columns)\n" + lines.joined(separator: "\n") + "\n")
      let tuner = try FineTuner(model, data: data)
      #expect(tuner.options.method == wanted)
      #expect(
        (tuner.parameterCounts.learning < tuner.parameterCounts.all / 2) == (wanted == "head"))
    }
    #expect(FineTuningOptions().method == nil)
  }

  /// One table, and what several models learn from it.
  @Test func whatATableIsForDependsOnTheModel() throws {
    let scratch = ScratchDirectory()
    let encoder = try Self.model("encoders/bert", in: scratch)
    let classifier = try Self.model("encoders/bert-text", in: scratch)
    let decoder = try Self.model("decoders/llama", in: scratch)
    func task(_ model: Model, _ columns: String, _ values: (Int) -> String) throws
      -> any LearningTask.Type
    {
      let data = scratch.file("table.csv")
      let lines = (0..<12).map {
        "\(Self.rows(12)[$0].text),\(Self.rows(12)[11 - $0].text)\(values($0))"
      }
      try Self.write(data, "\(columns)\n" + lines.joined(separator: "\n") + "\n")
      var options = FineTuningOptions()
      options.method = "full"
      return type(of: try FineTuner(model, data: data, options: options).task)
    }
    let answers = "question,answer"
    #expect(try task(encoder, answers) { _ in "" } == EmbedTask.self)
    #expect(try task(decoder, answers) { _ in "" } == GenerateTask.self)
    let scored = "sentence1,sentence2,score"
    #expect(try task(encoder, scored) { ",\(Double($0) / 2)" } == EmbedTask.self)
    #expect(try task(classifier, scored) { ",\(Double($0) / 2)" } == RegressTask.self)
    #expect(try task(encoder, scored) { ",\($0 % 2)" } == ClassifyTask.self)
    let misfit = #expect(throws: DataError.self) {
      try task(classifier, "sentence1,sentence2") { _ in "" }
    }
    #expect(misfit?.found == "has texts that belong together")
    #expect(misfit?.remedy?.contains("--task") == true)
  }

  @Test func badDataEndsWithOneClearLine() throws {
    let scratch = ScratchDirectory()
    let model = try Self.model("encoders/bert", in: scratch)
    let data = scratch.file("bad.csv")
    func message(
      _ text: String, _ options: FineTuningOptions = Self.options("full", epochs: 1, rate: 0.1)
    ) throws -> String {
      try Self.write(data, text)
      let error = #expect(throws: DataError.self) {
        try FineTuner(model, data: data, options: options)
      }
      return error?.description ?? ""
    }
    #expect(try message("text,label\na,x\n ,y\nb,x\n").contains("line 3"))
    #expect(try message("text,label\na,x\nb,x\n").contains("one class only"))
    var named = Self.options("full", epochs: 1, rate: 0.1)
    named.texts.labelColumn = "stars"
    #expect(try message("text,label\na,x\nb,y\n", named).contains("no column 'stars'"))
    var long = Self.options("full", epochs: 1, rate: 0.1)
    long.texts.maximumLength = 1000
    #expect(try message("text,label\na,x\nb,y\n", long).contains("texts of 1000 tokens"))
    // Long texts are cut, and counted
    let row = Array(repeating: "a", count: 60).joined(separator: " ")
    try Self.write(
      data, "text,label\n" + (0..<8).map { "\(row),\($0 % 2)" }.joined(separator: "\n"))
    let tuner = try FineTuner(model, data: data, options: named.with { $0.texts.labelColumn = nil })
    #expect(
      tuner.task.notes.contains { $0.contains("8 texts are longer than 24 tokens") },
      "\(tuner.task.notes)")
    // Without a tokenizer there are no texts
    let bare = try Model(contentsOf: Fixtures.path("encoders/bert"))
    let error = #expect(throws: DataError.self) { try FineTuner(bare, data: data) }
    #expect(error?.description.contains("no tokenizer") == true)
  }
}

extension FineTuningOptions {
  func with(_ change: (inout FineTuningOptions) -> Void) -> FineTuningOptions {
    var options = self
    change(&options)
    return options
  }
}
