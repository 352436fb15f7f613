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
  static let cases = ["llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"]

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

  @Test(arguments: cases)
  func writesTheConfigurationThatTransformersReads(name: String) throws {
    let model = try Self.model(name)
    let written = model.configuration.sidecars(
      for: .huggingFace, labels: nil, preprocessing: nil)
    let recognised = Catalogue.standard.recognise(model.weights, sidecars: written)
    let again = try #require(recognised)
    #expect(
      again.configuration as? DecoderConfiguration == model.configuration as? DecoderConfiguration)
    #expect(again.variant == model.recognition.variant)
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
