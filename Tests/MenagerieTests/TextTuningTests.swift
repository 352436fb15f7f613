import BinaryIO
import Menagerie
import TestSupport
import Testing

/// What is learnt follows from model and texts, and what is wrong with them is said.
@Suite struct TextTuningTests {
  @Test func whereNobodySaysAMethodTheTasksOwnIsTaken() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    let rows = Letters.rows(20).map(\.text)
    for (columns, wanted) in [("sentence1,sentence2", "full"), ("text,label", "head")] {
      let data = scratch.file("data.csv")
      let lines = rows.indices.map { index in
        "\(rows[index]),\(columns == "text,label" ? "\(index % 2)" : rows[index])"
      }
      try Letters.write(data, "\(columns)\n" + lines.joined(separator: "\n") + "\n")
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
    let encoder = try Letters.model("encoders/bert", in: scratch)
    let classifier = try Letters.model("encoders/bert-text", in: scratch)
    let decoder = try Letters.model("decoders/llama", in: scratch)
    func task(_ model: Model, _ columns: String, _ values: (Int) -> String) throws
      -> any LearningTask.Type
    {
      let data = scratch.file("table.csv")
      let lines = (0..<12).map {
        "\(Letters.rows(12)[$0].text),\(Letters.rows(12)[11 - $0].text)\(values($0))"
      }
      try Letters.write(data, "\(columns)\n" + lines.joined(separator: "\n") + "\n")
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
    let model = try Letters.model("encoders/bert", in: scratch)
    let data = scratch.file("bad.csv")
    func message(
      _ text: String, _ options: FineTuningOptions = Letters.options("full", epochs: 1, rate: 0.1)
    ) throws -> String {
      try Letters.write(data, text)
      let error = #expect(throws: DataError.self) {
        try FineTuner(model, data: data, options: options)
      }
      return error?.description ?? ""
    }
    #expect(try message("text,label\na,x\n ,y\nb,x\n").contains("line 3"))
    #expect(try message("text,label\na,x\nb,x\n").contains("one class only"))
    var named = Letters.options("full", epochs: 1, rate: 0.1)
    named.texts.labelColumn = "stars"
    #expect(try message("text,label\na,x\nb,y\n", named).contains("no column 'stars'"))
    var long = Letters.options("full", epochs: 1, rate: 0.1)
    long.texts.maximumLength = 1000
    #expect(try message("text,label\na,x\nb,y\n", long).contains("texts of 1000 tokens"))
    // Long texts are cut, and counted
    let row = Array(repeating: "a", count: 60).joined(separator: " ")
    try Letters.write(
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
