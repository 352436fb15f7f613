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
