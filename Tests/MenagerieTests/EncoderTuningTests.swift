import Formats
import JSON
import Menagerie
import OrderedCollections
import TestSupport
import Testing
import Zoo

/// Tiny encoders learn letters: classes, labels, numbers and what belongs together.
@Suite struct EncoderTuningTests {
  @Test(arguments: [
    "bert", "roberta", "distilbert", "mpnet", "electra-discriminator", "albert", "modernbert",
    "bert-masked",
  ])
  func anEncoderLearnsClasses(name: String) throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/\(name)", in: scratch)
    let data = scratch.file("reviews.csv")
    let rows = Letters.rows(60).map { "\($0.text),\($0.isSecond ? "late" : "early")" }
    try Letters.write(data, "text,label\n" + rows.joined(separator: "\n") + "\n")
    var tuner = try FineTuner(
      model, data: data, options: Letters.options("full", epochs: 12, rate: 0.003))
    #expect(type(of: tuner.task) == ClassifyTask.self && tuner.task.isHeadNew)
    #expect(tuner.task.classes == ["early", "late"])
    var last: FineTuner.EpochReport?
    var losses: [Double] = []
    try tuner.run(report: {
      losses.append($0.loss)
      last = $0
    })
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
    for row in Letters.rows(4) {
      let label = try classifier.classify(row.text).first?.label
      #expect(label == (row.isSecond ? "late" : "early"))
    }
  }

  @Test func onlyTheHeadLearnsFromKeptFeatures() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/roberta", in: scratch)
    let data = scratch.file("reviews.jsonl")
    let rows = Letters.rows(40).map {
      "{\"review\": \"\($0.text)\", \"label\": \($0.isSecond ? 1 : 0)}"
    }
    try Letters.write(data, rows.joined(separator: "\n"))
    var tuner = try FineTuner(
      model, data: data, options: Letters.options("head", epochs: 30, rate: 0.02))
    var losses: [Double] = []
    try tuner.run(report: { losses.append($0.loss) })
    #expect(losses.count == 30)
    #expect(try #require(losses.last) < 0.8 * #require(losses.first), "\(losses)")
    let result = try tuner.model()
    let encoder = model.weights.filter { $0.entry.name.hasPrefix("encoder.") }
    // Sixteen of each layer
    #expect(encoder.count == 32)
    for weight in encoder {
      let other = try #require(result.weights.first { $0.entry.name == weight.entry.name })
      #expect(try weight.entry.load().isBitEqual(to: other.entry.load()))
    }
  }

  @Test func severalLabelsAndNumbersAreLearnt() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let many = scratch.file("many.jsonl")
    let lists = Letters.rows(60).map { row in
      let names = (row.isSecond ? ["late"] : []) + (row.text.count > 9 ? ["long"] : [])
      return
        "{\"text\": \"\(row.text)\", \"labels\": [\(names.map { "\"\($0)\"" }.joined(separator: ","))]}"
    }
    try Letters.write(many, lists.joined(separator: "\n"))
    var tuner = try FineTuner(
      model, data: many, options: Letters.options("full", epochs: 12, rate: 0.003))
    var losses: [Double] = []
    try tuner.run(report: { losses.append($0.loss) })
    #expect(losses.count == 12)
    #expect(try #require(losses.last) < 0.5 * #require(losses.first), "\(losses)")
    let config = try tuner.model().checkpoint.sidecars["config.json"]
    #expect(config?["problem_type"]?.string == "multi_label_classification")
    #expect(try TextClassifier(tuner.model()).isMultiLabel)

    let numbers = scratch.file("numbers.csv")
    let rows = Letters.rows(60).map { "\($0.text),\($0.isSecond ? 1.5 : -0.5)" }
    try Letters.write(numbers, "text,score\n" + rows.joined(separator: "\n") + "\n")
    var other = try FineTuner(
      model, data: numbers, options: Letters.options("full", epochs: 12, rate: 0.003))
    #expect(type(of: other.task) == RegressTask.self)
    var last: FineTuner.EpochReport?
    try other.run { _ in
    } report: {
      last = $0
    }
    #expect((last?["Pearson"] ?? 0) > 0.9, "\(last?.metrics ?? [])")
    let measuring = try TextClassifier(other.model())
    #expect(measuring.isRegression)
    let row = try #require(Letters.rows(60).first { $0.isSecond })
    #expect(try abs(#require(measuring.classify(row.text).first?.score) - 1.5) < 1)
  }

  /// The adapter says which head the base is to have, which has none or another.
  @Test(arguments: [
    ("encoders/bert", "label"), ("encoders/bert", "labels"), ("encoders/bert", "number"),
    ("encoders/modernbert", "labels"), ("decoders/llama", "label"),
  ])
  func anAdapterBringsItsHeadAlong(name: String, target: String) throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model(name, in: scratch)
    let data = scratch.file("data.jsonl")
    let rows = Letters.rows(16).map { row in
      let value =
        switch target {
        case "label": row.isSecond ? "\"late\"" : "\"early\""
        case "labels": row.isSecond ? "[\"late\", \"second\"]" : "[\"early\"]"
        default: row.isSecond ? "1.5" : "-0.5"
        }
      return "{\"text\": \"\(row.text)\", \"label\": \(value)}"
    }
    try Letters.write(data, rows.joined(separator: "\n"))
    var options = Letters.options("lora", epochs: 1, rate: 0.01)
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
    let text = Letters.rows(1)[0].text
    if target != "number" {
      #expect(
        try TextClassifier(merged).classify(text).map(\.score)
          == TextClassifier(learnt).classify(text).map(\.score))
    }
  }

  @Test(arguments: [false, true])
  func pairsAreBroughtTogether(scored: Bool) throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let data = scratch.file("pairs.csv")
    let rows = Letters.rows(40)
    let lines = rows.indices.map { index -> String in
      guard scored else {
        // A letter belongs to that of the other half of the alphabet
        let places = (0..<(3 + index % 5)).map { (index * 7 + $0 * 3) % 10 }
        let halves = [0, 10].map { half in
          places.map { Letters.letters[half + $0] }.joined(separator: " ")
        }
        return halves.joined(separator: ",")
      }
      let other = (index * 3 + index / 2) % rows.count
      let isAlike = rows[index].isSecond == rows[other].isSecond
      return "\(rows[index].text),\(rows[other].text),\(isAlike ? 4.5 : 0.5)"
    }
    try Letters.write(
      data, "sentence1,sentence2" + (scored ? ",score" : "") + "\n" + lines.joined(separator: "\n"))
    var tuner = try FineTuner(
      model, data: data, options: Letters.options("full", epochs: 20, rate: 0.003))
    #expect(type(of: tuner.task) == EmbedTask.self && !tuner.task.isHeadNew)
    var losses: [Double] = []
    var last: FineTuner.EpochReport?
    try tuner.run(report: {
      losses.append($0.loss)
      last = $0
    })
    #expect(losses.count == 20)
    #expect(try #require(losses.last) < 0.7 * #require(losses.first), "\(losses)")
    #expect((last?[scored ? "Spearman" : "nearest"] ?? 0) > 0.4, "\(last?.metrics ?? [])")
    // The pooler has no part in it
    let pooler = try #require(model.weights.first { $0.entry.name == "pooler.dense.weight" })
    let after = try #require(
      try tuner.model().weights.first { $0.entry.name == "pooler.dense.weight" })
    #expect(try pooler.entry.load().isBitEqual(to: after.entry.load()))
  }
}
