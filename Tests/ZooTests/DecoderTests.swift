import BinaryIO
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

  @Test(arguments: [
    ("llama-parts", ["joined from 2 parts"]),
    (
      "llama-copies",
      [
        "joined from 2 parts", "each head of keys and values is in 2 parts, and was taken once",
      ]
    ),
  ])
  func joinsThePartsOfSeveralDevices(name: String, notes: [String]) throws {
    let checkpoint = try FormatRegistry.read(Fixtures.path("decoders/\(name)"))
    #expect(checkpoint.notes == notes)
    let recognised = Catalogue.standard.recognise(
      checkpoint.normalised, sidecars: checkpoint.sidecars)
    let model = try #require(recognised).model(
      weights: checkpoint.normalised, sidecars: checkpoint.sidecars)
    #expect(model.dialect == .meta && model.account.isComplete)
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    let answer = try session.run([
      "input_ids": NumPyArrays.array("decoders/\(name)/ids.npy"),
      "attention_mask": NumPyArrays.array("decoders/\(name)/mask.npy"),
    ])
    let (logits, golden) = (
      try #require(answer["logits"]), try NumPyArrays.array("decoders/\(name)/logits.npy")
    )
    let off = zip(logits.doubles, golden.doubles).map { abs($0 - $1) }.max() ?? .infinity
    #expect(logits.shape == golden.shape && off <= 1e-4, "off by \(off)")
  }

  @Test func namesCopiesThatDiffer() throws {
    let scratch = ScratchDirectory()
    try System.createDirectory(scratch.file("m"))
    // The second part is another model's, of the same shapes
    for source in [
      "llama-copies/consolidated.00.pth", "llama-parts/consolidated.01.pth",
      "llama-copies/params.json",
    ] {
      let bytes = try MappedFile(path: Fixtures.path("decoders/\(source)")).bytes.array
      try scratch.write("m/\(System.lastComponent(source))", bytes)
    }
    #expect {
      _ = try FormatRegistry.read(scratch.file("m"))
    } throws: {
      "\($0)".contains("'layers.0.attention.wk.weight': is not the same in parts 0 and 1")
    }
  }

  @Test(arguments: [
    (["0"], "1 of 2 parts are missing, 'consolidated.01.pth' the first"),
    (["1"], "'consolidated.00.pth' is missing"),
  ])
  func namesThePartThatIsMissing(parts: [String], problem: String) throws {
    let scratch = ScratchDirectory()
    try System.createDirectory(scratch.file("m"))
    for name in parts.map({ "consolidated.0\($0).pth" }) + ["params.json"] {
      let bytes = try MappedFile(path: Fixtures.path("decoders/llama-parts/\(name)")).bytes
      let file = try AtomicFileWriter(path: scratch.file("m/\(name)"))
      try file.write(bytes)
      try file.commit()
    }
    #expect {
      _ = try FormatRegistry.read(scratch.file("m"))
    } throws: {
      "\($0)" == "\(scratch.file("m")): \(problem); fetch all files of the model"
    }
  }

  @Test(arguments: ["t5", "t5-gated"])
  func readsAndWritesWhatT5Does(name: String) throws {
    let fixture = try DecoderFixture(name)
    #expect(fixture.model.account.isComplete)
    let written = try NumPyArrays.array("decoders/\(name)/decoder_ids.npy")
    let answer = try fixture.session(fixture.model.graph).run([
      "input_ids": fixture.ids, "attention_mask": fixture.mask, "decoder_input_ids": written,
    ])
    fixture.expectClose(try #require(answer["logits"]))
  }

  @Test(arguments: ["t5", "t5-gated"])
  func answersATextAsTransformersDoes(name: String) throws {
    let fixture = try DecoderFixture(name)
    var writer = try StepWriter(fixture, reading: [Array(fixture.ids.integers.prefix(13))])
    var ids = [0]
    while ids.count < fixture.generated.count {
      ids.append(try writer.step([[ids[ids.count - 1]]])[0].argmax)
    }
    #expect(ids == fixture.generated && Set(ids).count > 2)
  }

  @Test(arguments: ["t5", "t5-gated"], [[1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 5], [9]])
  func answersTextsOfDifferentLengthsInPieces(name: String, pieces: [Int]) throws {
    let fixture = try DecoderFixture(name)
    let ids = fixture.ids.integers
    let answers = try NumPyArrays.array("decoders/\(name)/decoder_ids.npy").integers
    // The second text is shorter than the first; where its padding stands does not matter
    var writer = try StepWriter(fixture, reading: [Array(ids[0..<13]), Array(ids[16..<26])])
    let (width, logits) = (fixture.logits.shape[2], fixture.logits.doubles)
    let scale = logits.map(abs).max() ?? 1
    var end = 0
    for piece in pieces {
      let rows = [0, 9].map { Array(answers[($0 + end)..<($0 + end + piece)]) }
      let found = try writer.step(rows)
      end += piece
      for (row, answer) in found.enumerated() {
        let last = (row * 9 + end) * width
        let off = zip(answer.doubles, logits[(last - width)..<last]).map { abs($0 - $1) }.max()
        #expect((off ?? .infinity) <= 1e-4 * scale, "row \(row) at \(end)")
      }
    }
  }

  @Test(arguments: ["t5", "t5-gated"], [[9], [1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 5]])
  func exportsAReaderAndWriterInOne(name: String, pieces: [Int]) throws {
    let fixture = try DecoderFixture(name)
    let graph = try fixture.model.configuration.buildExport().graph
    let session = try fixture.session(graph)
    var past: [String: Tensor] = [:]
    for (name, type) in session.inputs where name.hasPrefix("past_key_values.") {
      let extents = try #require(type.dimensions).enumerated().map { $1.value ?? ($0 == 0 ? 2 : 0) }
      past[name] = Tensor(zeros: try Shape(checking: extents))
    }
    let written = try NumPyArrays.array("decoders/\(name)/decoder_ids.npy")
    var (prompt, end) = (fixture.ids, 0)
    var logits: [[Float]] = [[], []]
    for piece in pieces {
      let rows = [0, 9].flatMap { written.integers[($0 + end)..<($0 + end + piece)] }
      let answers = try session.run(
        past.merging([
          "input_ids": prompt, "attention_mask": fixture.mask,
          "decoder_input_ids": Tensor(shape: [2, piece], rows.map { Int64($0) }),
        ]) { $1 })
      for name in past.keys {
        past[name] = answers["present" + name.dropFirst("past_key_values".count)]
      }
      let found = try #require(answers["logits"]).doubles.map { Float($0) }
      for row in 0..<2 {
        logits[row] += found[(row * found.count / 2)..<((row + 1) * found.count / 2)]
      }
      // What was read once is not read again
      prompt = Tensor(zeros: [2, 0], dataType: .int64)
      end += piece
    }
    fixture.expectClose(Tensor(shape: fixture.logits.shape, logits[0] + logits[1]))
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

  @Test(arguments: ["llama-text", "qwen2-text", "gemma-text", "gpt2-text"])
  func tellsClassesAsTransformersDoes(name: String) throws {
    let model = try Self.model(name)
    #expect(model.account.isComplete && model.configuration.task == .textClassification)
    #expect(model.configuration.classes == 3)
    #expect(model.labels == (name == "gpt2-text" ? ["dull", "lively", "wild"] : nil))
    let (ids, mask, golden) = (
      try NumPyArrays.array("decoders/\(name)/ids.npy"),
      try NumPyArrays.array("decoders/\(name)/mask.npy"),
      try NumPyArrays.array("decoders/\(name)/logits.npy")
    )
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    // Where a text ends is known from the filler or from the mask
    let ones = Tensor(shape: mask.shape, mask.integers.map { _ in Int64(1) })
    let other = Tensor(
      shape: ids.shape, zip(ids.integers, mask.integers).map { Int64($1 == 1 ? $0 : 7) })
    for (ids, mask) in [(ids, mask), (ids, ones), (other, mask)] {
      let answer = try session.run(["input_ids": ids, "attention_mask": mask])
      let logits = try #require(answer["logits"])
      #expect(logits.shape == [2, 3])
      let off = zip(logits.doubles, golden.doubles).map { abs($0 - $1) }.max() ?? .infinity
      #expect(off <= 1e-4 * (golden.doubles.map(abs).max() ?? 1), "off by \(off)")
    }
    let configuration = try #require(model.configuration as? any GenerativeConfiguration)
    #expect(throws: DataError.self) { try configuration.buildStep() }
    #expect(model.obstacle(to: .gguf)?.code == .unsupported)
  }

  @Test(arguments: [
    ("llama-tokens", ["logits"]), ("gpt2-tokens", ["logits"]),
    ("qwen2-answers", ["start_logits", "end_logits"]),
    ("mistral-answers", ["start_logits", "end_logits"]),
    ("gpt2-answers", ["start_logits", "end_logits"]),
  ])
  func tellsOfEachTokenWhatTransformersDoes(name: String, outputs: [String]) throws {
    let model = try Self.model(name)
    let isForTokens = outputs.count == 1
    #expect(model.account.isComplete && model.configuration.assumptions.isEmpty)
    #expect(
      model.configuration.task == (isForTokens ? .tokenClassification : .questionAnswering))
    #expect(model.configuration.classes == (isForTokens ? name == "gpt2-tokens" ? 4 : 3 : nil))
    func array(_ file: String) throws -> Tensor {
      try NumPyArrays.array("decoders/\(name)/\(file).npy")
    }
    let (ids, mask) = try (array("ids"), array("mask"))
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    let answer = try session.run(["input_ids": ids, "attention_mask": mask])
    for output in outputs {
      let (logits, golden) = try (#require(answer[output]), array(output))
      #expect(logits.shape == golden.shape)
      let width = golden.shape.elementCount / mask.shape.elementCount
      let off = zip(logits.doubles, golden.doubles).enumerated()
        .filter { mask.integers[$0.offset / width] == 1 }.map { abs($0.element.0 - $0.element.1) }
      let scale = golden.doubles.map(abs).max() ?? 1
      #expect((off.max() ?? .infinity) <= 1e-4 * scale, "\(output) is off by \(off.max() ?? 0)")
    }
    let configuration = try #require(model.configuration as? any GenerativeConfiguration)
    #expect(throws: DataError.self) { try configuration.buildStep() }
    let obstacle = model.obstacle(to: .gguf)
    #expect(obstacle.map { "\($0)".contains("with such a head") } == true)
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

/// Runs the step graph of a tiny decoder, and keeps its state.
struct StepWriter {
  private let session: Session
  private let vocabulary: Int
  private var state: [String: Tensor] = [:]
  private var lengths: [Int]
  /// What an encoder made of the prompts.
  private var memory: [String: Tensor] = [:]

  /// With an encoder, which reads the prompts.
  init(_ fixture: DecoderFixture, reading prompts: [[Int]]) throws {
    try self.init(fixture, rows: prompts.count)
    let longest = prompts.map(\.count).max() ?? 0
    func padded(_ value: (Int) -> Int) -> Tensor {
      let rows = prompts.flatMap { prompt in
        prompt.map { Int64(value($0)) } + [Int64](repeating: 0, count: longest - prompt.count)
      }
      return Tensor(shape: [prompts.count, longest], rows)
    }
    let configuration = try #require(
      fixture.model.configuration as? any EncoderDecoderConfiguration)
    let inputs = ["input_ids": padded { $0 }, "attention_mask": padded { _ in 1 }]
    memory["attention_mask"] = inputs["attention_mask"]
    for (name, tensor) in try fixture.session(configuration.buildReader().graph).run(inputs) {
      memory[name] = tensor
    }
  }

  init(_ fixture: DecoderFixture, rows: Int = 1) throws {
    let configuration = try #require(
      fixture.model.configuration as? any GenerativeConfiguration)
    let cache = configuration.cache
    session = try fixture.session(try configuration.buildStep().graph)
    vocabulary = fixture.logits.shape[2]
    lengths = [Int](repeating: 0, count: rows)
    for layer in 0..<cache.layers {
      for part in ["key", "value"] {
        state["past.\(layer).\(part)"] = Tensor(
          zeros: [rows, cache.keyValueHeads, 40, cache.headDimension])
      }
    }
  }

  /// The logits of each row after its new tokens.
  mutating func step(_ tokens: [[Int]]) throws -> [Tensor] {
    let longest = tokens.map(\.count).max() ?? 0
    let padded = tokens.flatMap { $0 + [Int](repeating: 0, count: longest - $0.count) }
    var inputs = state.merging(memory) { $1 }
    inputs["input_ids"] = Tensor(
      shape: [tokens.count, longest], padded.map { Int64($0) })
    inputs["starts"] = Tensor(lengths.map { Int64($0) })
    inputs["last"] = Tensor(tokens.map { Int64($0.count - 1) })
    let outputs = try session.run(inputs)
    for name in Array(state.keys) {
      state[name] = outputs["present" + name.dropFirst("past".count)]
    }
    for index in tokens.indices { lengths[index] += tokens[index].count }
    let logits = try #require(outputs["logits"])
    return tokens.indices.map { row in
      Tensor(
        Array(logits.doubles[(row * vocabulary)..<((row + 1) * vocabulary)]).map { Float($0) })
    }
  }
}

extension Tensor {
  /// The place of the greatest element.
  var argmax: Int {
    let values = doubles
    return values.indices.max { values[$0] < values[$1] } ?? 0
  }
}

/// A tiny decoder with what transformers made of it.
struct DecoderFixture {
  let name: String
  let model: ZooModel
  let ids: Tensor
  let mask: Tensor
  let logits: Tensor
  /// A prompt and its greedy continuation.
  let generated: [Int]

  static func model(_ folder: String) throws -> ZooModel {
    let path = Fixtures.path(folder) + "/model.safetensors"
    let weights = try FormatRegistry.read(path).normalised
    let sidecars = Sidecars.beside(path)
    let recognised = Catalogue.standard.recognise(weights, sidecars: sidecars)
    let found = try #require(
      recognised,
      "\(Catalogue.standard.resemblances(of: weights, sidecars: sidecars).map(\.description))")
    return try found.model(weights: weights, sidecars: sidecars)
  }

  init(_ name: String) throws {
    self.name = name
    model = try Self.model("decoders/\(name)")
    func array(_ file: String) throws -> Tensor {
      try NumPyArrays.array("decoders/\(name)/\(file).npy")
    }
    ids = try array("ids")
    mask = try array("mask")
    logits = try array("logits")
    generated = try array("generated").integers
  }

  func session(_ graph: Graph) throws -> Session {
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    return try Session(graph: graph) { try #require(weights[$0]).load() }
  }

  /// Within a ten-thousandth of the greatest, wherever the mask lets a token be.
  func expectClose(
    _ ours: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(ours.shape == logits.shape, sourceLocation: sourceLocation)
    guard ours.shape == logits.shape else { return }
    let (a, b, kept) = (ours.doubles, logits.doubles, mask.integers)
    let width = logits.shape[2]
    let scale = b.map(abs).max() ?? 1
    let rows = logits.shape[0] * logits.shape[1]
    let off = (0..<rows).filter { kept.count != rows || kept[$0] == 1 }.map { row in
      ((row * width)..<((row + 1) * width)).map { abs(a[$0] - b[$0]) }.max() ?? 0
    }
    let worst = (off.max() ?? .infinity) / scale
    #expect(worst <= 1e-4, "off by \(worst)", sourceLocation: sourceLocation)
  }
}
