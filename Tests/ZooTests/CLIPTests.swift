import BinaryIO
import Converters
import Execution
import Formats
import NumPyConverter
import Tensors
import TestSupport
import Testing
import Zoo

/// CLIP against transformers (`scripts/fixtures/architectures_vit.py`).
@Suite struct CLIPTests {
  private static let home = "architectures/huggingface-clip"

  private func model() throws -> ZooModel {
    let path = Fixtures.path("\(Self.home)/model.safetensors")
    let weights = try FormatRegistry.read(path).normalised
    let sidecars = Sidecars.beside(path)
    let found = try #require(Catalogue.standard.recognise(weights, sidecars: sidecars))
    return try found.model(weights: weights, sidecars: sidecars)
  }

  private func arrays(_ name: String) throws -> [String: Tensor] {
    let arrays = try NPZ.read(Fixtures.path("\(Self.home)/\(name)"))
    return try Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, try $0.load()) })
  }

  private func expectGolden(_ graph: ModelDefinition, _ tensors: [NormalisedTensor]) throws {
    let weights = Dictionary(
      tensors.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: graph.graph) { try #require(weights[$0]).load() }
    let answers = try session.run(arrays("inputs.npz"))
    for (name, golden) in try arrays("outputs.npz") {
      let answer = try #require(answers[name])
      #expect(answer.shape == golden.shape)
      let differences = zip(answer.doubles, golden.doubles).map { abs($0 - $1) }
      #expect((differences.max() ?? 1) < 1e-5, "\(name)")
    }
  }

  @Test func computesWhatTransformersComputes() throws {
    let model = try model()
    #expect(model.recognition.family == "CLIP")
    #expect(model.account.isComplete)
    try expectGolden(model.definition, model.weights)
  }

  @Test func computesTheSameUnderOpenAIsNames() throws {
    let expressed = try model().expressed(in: .openAI)
    #expect(
      expressed.tensors.contains {
        $0.entry.name == "visual.transformer.resblocks.1.attn.in_proj_weight"
      })
    let map = try #require(try model().configuration.nameMap(for: .openAI))
    let back = try map.apply(to: expressed.tensors, expecting: try model().definition.state)
    #expect(back.isComplete)
    try expectGolden(try model().definition, back.tensors)
    let recognised = try #require(
      Catalogue.standard.recognise(
        expressed.tensors,
        sidecars: Sidecars.beside(
          Fixtures.path("\(Self.home)/model.safetensors"))))
    #expect(recognised.dialect == .openAI)
  }
}
