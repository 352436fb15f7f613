import Converters
import Execution
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Zoo

/// Decoders against the logits of transformers, on tiny siblings (`scripts/fixtures/text_decoders.py`).
@Suite struct DecoderTests {
  static let cases = [
    "llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gpt2",
  ]

  static let variants = Decoder().variants.map(\.name)

  @Test(arguments: variants)
  func buildsEveryVariant(name: String) throws {
    let configuration = try #require(
      try Catalogue.standard.variant(named: name).configuration as? DecoderConfiguration)
    #expect(configuration.variant == name)
    let graph = try configuration.build().graph
    #expect(graph.outputs.map { graph[$0].name } == ["logits"])
    let step = try configuration.buildStep().graph
    #expect(step.outputs.count == 1 + 2 * configuration.layers)
    #expect(step.inputs.count == 3 + 2 * configuration.layers)
  }

  static func model(_ name: String) throws -> ZooModel {
    try DecoderFixture.model("decoders/\(name)")
  }

  @Test(arguments: cases)
  func computesWhatTransformersComputes(name: String) throws {
    let fixture = try DecoderFixture(name)
    #expect(fixture.model.account.isComplete)
    #expect(fixture.model.recognition.configuration.assumptions.isEmpty)
    let session = try fixture.session(fixture.model.graph)
    let answer = try session.run(["input_ids": fixture.ids, "attention_mask": fixture.mask])
    fixture.expectClose(try #require(answer["logits"]))
  }

  @Test(arguments: [
    ("llama-meta/consolidated.00.pth", "llama", Dialect.meta),
    ("llama-gguf/model.gguf", "llama", .gguf), ("gemma3-gguf/model.gguf", "gemma3", .gguf),
  ])
  func readsWhatOthersCallTheSame(file: String, name: String, dialect: Dialect) throws {
    let fixture = try DecoderFixture(name)
    let path = Fixtures.path("decoders/\(file)")
    let weights = try FormatRegistry.read(path).normalised
    // Only Meta's files say all that is needed
    let sidecars =
      dialect == .meta
      ? Sidecars.beside(path)
      : Sidecars.beside(Fixtures.path("decoders/\(name)/model.safetensors"))
    let recognised = Catalogue.standard.recognise(weights, sidecars: sidecars)
    let model = try #require(recognised).model(weights: weights, sidecars: sidecars)
    #expect(model.dialect == dialect && model.account.isComplete)
    let table = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(table[$0]).load() }
    let answer = try session.run(["input_ids": fixture.ids, "attention_mask": fixture.mask])
    fixture.expectClose(try #require(answer["logits"]))
    for tensor in fixture.model.weights {
      let own = try #require(table[tensor.entry.name]).load()
      let golden = try tensor.entry.load()
      let off = zip(own.doubles, golden.doubles).map { abs($0 - $1) }.max() ?? 0
      #expect(own.shape == golden.shape && off <= 1e-6, "\(tensor.entry.name) is off by \(off)")
    }
    // And back: every byte where it was
    let back = try #require(model.configuration.nameMap(for: dialect)).inverted
      .apply(to: model.weights)
    let theirs = Dictionary(
      weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    #expect(
      back.unknown.isEmpty && back.tensors.count + model.account.dropped.count == theirs.count)
    for tensor in back.tensors where !(name == "gemma3" && tensor.entry.name.contains("norm")) {
      let golden = try #require(theirs[tensor.entry.name]).load()
      #expect(try tensor.entry.load().isBitEqual(to: golden), "\(tensor.entry.name)")
    }
  }

  @Test(arguments: cases)
  func continuesATextAsTransformersDoes(name: String) throws {
    let fixture = try DecoderFixture(name)
    var writer = try StepWriter(fixture)
    let prompt = Array(fixture.generated.prefix(5))
    var ids = prompt
    var next = try writer.step([prompt])[0].argmax
    while ids.count < fixture.generated.count {
      ids.append(next)
      next = try writer.step([[next]])[0].argmax
    }
    #expect(ids == fixture.generated)
  }

  @Test(arguments: cases, [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 1, 5, 3], [13]])
  func givesTheSameLogitsInPieces(name: String, pieces: [Int]) throws {
    let fixture = try DecoderFixture(name)
    var writer = try StepWriter(fixture)
    let ids = Array(fixture.ids.integers.prefix(13))
    let logits = fixture.logits.doubles
    let width = fixture.logits.shape[2]
    let scale = logits.map(abs).max() ?? 1
    var end = 0
    for piece in pieces {
      let answer = try writer.step([Array(ids[end..<(end + piece)])])[0]
      end += piece
      let golden = logits[((end - 1) * width)..<(end * width)]
      let off = zip(answer.doubles, golden).map { abs($0 - $1) }.max() ?? .infinity
      #expect(off <= 1e-4 * scale, "off by \(off / scale) at \(end)")
    }
  }

  @Test(arguments: cases)
  func keepsRowsOfDifferentLengthsApart(name: String) throws {
    let fixture = try DecoderFixture(name)
    let ids = Array(fixture.ids.integers.prefix(13))
    let rows = [Array(ids[0..<3]), Array(ids[5..<12]), Array(ids[2..<7])]
    let more = [[ids[8]], [ids[9]], [ids[10]]]
    var together = try StepWriter(fixture, rows: 3)
    let first = try together.step(rows)
    let second = try together.step(more)
    for index in rows.indices {
      var alone = try StepWriter(fixture)
      for (answer, step) in [(first, rows), (second, more)] {
        let own = try alone.step([step[index]])[0].doubles
        let scale = own.map(abs).max() ?? 1
        let off = zip(answer[index].doubles, own).map { abs($0 - $1) }.max() ?? .infinity
        #expect(off <= 1e-5 * scale, "row \(index) is off by \(off / scale)")
      }
    }
  }

  @Test(arguments: cases + ["t5", "llama-text", "gpt2-text", "llama-tokens", "gpt2-answers"])
  func exportsWithItsPastAndAnyBatchAndLength(name: String) throws {
    let model = try Self.model(name)
    let graph = try #require(try model.expressed(in: .huggingFace).graph)
    let cache = try #require(model.configuration as? any GenerativeConfiguration).cache
    let inputs = graph.inputs.map { graph[$0].name }.filter { $0.hasPrefix("past_key_values.") }
    let outputs = graph.outputs.map { graph[$0].name }.filter { $0.hasPrefix("present.") }
    // A T5 has one of what it read, and one of what it wrote
    let pasts = Self.cases.contains(name) ? 1 : name == "t5" ? 2 : 0
    #expect(inputs.count == 2 * pasts * cache.layers)
    #expect(outputs.count == inputs.count)
    for id in graph.outputs where !graph[id].name.hasPrefix("present.") {
      let dimensions = try #require(graph[id].type.dimensions)
      #expect(dimensions[0] == "batch" && !dimensions.contains(.unknown), "\(graph[id].type)")
    }
  }

  @Test(
    arguments: cases + [
      "t5", "t5-gated", "llama-text", "gpt2-text", "llama-tokens", "gpt2-tokens", "qwen2-answers",
      "mistral-answers", "gpt2-answers",
    ])
  func writesTheConfigurationThatTransformersReads(name: String) throws {
    let model = try Self.model(name)
    let written = model.configuration.sidecars(
      for: .huggingFace, labels: nil, preprocessing: nil)
    let map = try #require(model.configuration.nameMap(for: .huggingFace)).inverted
    let weights = try map.apply(to: model.weights).tensors
    let recognised = Catalogue.standard.recognise(weights, sidecars: written)
    let again = try #require(recognised)
    #expect(again.configuration.hiddenFacts == model.configuration.hiddenFacts)
    #expect(again.configuration.assumptions.isEmpty && again.configuration.contradictions.isEmpty)
    #expect(again.variant == model.recognition.variant)
  }
}
