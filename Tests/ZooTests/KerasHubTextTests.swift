import Converters
import Execution
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import TestSupport
import Testing

@testable import Zoo

/// Text models as KerasHub's presets have them (`scripts/fixtures/kerashub_models.py`).
@Suite struct KerasHubTextTests {
  static let cases = [
    "roberta", "electra", "gpt2", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2",
    "gemma3", "t5", "t5-gated",
  ]

  struct Fixture {
    var weights: [NormalisedTensor]
    var inputs: [String: Tensor] = [:]
    var outputs: [String: Tensor] = [:]
    var sidecars: Sidecars

    init(_ name: String) throws {
      sidecars = Sidecars.beside(Fixtures.path("kerashub/\(name)/model.npz"))
      weights = []
      let path = Fixtures.path("kerashub/\(name)/arrays.npz")
      for entry in try FormatRegistry.read(path).tensors {
        let (key, tensor) = (entry.name, try entry.load())
        if key.hasPrefix("in.") {
          inputs[String(key.dropFirst(3))] = tensor
        } else if key.hasPrefix("out.") {
          outputs[String(key.dropFirst(4))] = tensor
        } else {
          weights.append(
            NormalisedTensor(TensorEntry(name: key, tensor.cast(to: .float32))))
        }
      }
    }

    /// Under the names that the zoo's graph has, where these are not KerasHub's.
    func fed(_ graph: Graph) -> [String: Tensor] {
      let names = [
        "token_ids": "input_ids", "padding_mask": "attention_mask",
        "encoder_token_ids": "input_ids", "encoder_padding_mask": "attention_mask",
        "decoder_token_ids": "decoder_input_ids",
      ]
      let wanted = Set(graph.inputs.map { graph[$0].name })
      return inputs.reduce(into: [:]) { fed, input in
        if wanted.contains(input.key) { fed[input.key] = input.value }
        if let name = names[input.key], wanted.contains(name) { fed[name] = input.value }
      }
    }

    func model() throws -> ZooModel {
      let recognised = Catalogue.standard.recognise(weights, sidecars: sidecars)
      return try #require(recognised).model(weights: weights, sidecars: sidecars)
    }
  }

  static func expectClose(_ answer: Tensor, _ wanted: Tensor, seen: [Double]?) {
    #expect(answer.shape == wanted.shape)
    let (found, expected) = (answer.doubles, wanted.doubles)
    let width = seen.map { expected.count / $0.count } ?? 1
    let largest = expected.map(abs).max() ?? 0
    let off =
      zip(found, expected).enumerated().map { index, pair in
        (seen.map { $0[index / width] } ?? 1) > 0 ? abs(pair.0 - pair.1) : 0
      }.max() ?? 0
    #expect(off <= 1e-4 * largest, "off by \(off), where the largest is \(largest)")
  }

  @Test(arguments: cases)
  func computesWhatKerasHubComputes(name: String) throws {
    let fixture = try Fixture(name)
    let model = try fixture.model()
    #expect(model.dialect == .kerasHubObjects && model.account.isComplete)
    #expect(model.configuration.assumptions.isEmpty, "\(model.configuration.assumptions)")
    let table = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(table[$0]).load() }
    let answers = try session.run(fixture.fed(model.graph))
    for (key, wanted) in fixture.outputs {
      let isWritten = name.hasPrefix("t5") || wanted.rank < 3
      Self.expectClose(
        try #require(answers[key]), wanted,
        seen: isWritten ? nil : fixture.inputs["padding_mask"]?.doubles)
    }
  }

  @Test(arguments: cases)
  func goesToTransformersAndComesBack(name: String) throws {
    let fixture = try Fixture(name)
    let model = try fixture.model()
    let there = try model.expressed(in: .huggingFace, withGraph: false)
    #expect(there.account.unknown.isEmpty)
    let again = try #require(
      Catalogue.standard.recognise(there.tensors, sidecars: there.sidecars))
    #expect(again.dialect == .huggingFace && again.configuration.assumptions.isEmpty)
    let back = try again.model(weights: there.tensors, sidecars: there.sidecars)
      .expressed(in: .kerasHubObjects, withGraph: false)
    #expect(back.account.unknown.isEmpty)
    var theirs = Dictionary(
      fixture.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    for tensor in back.tensors {
      let entry = theirs.removeValue(forKey: tensor.entry.name)
      let original = try #require(entry).load()
      let found = try tensor.entry.load()
      // transformers has no pooler for ELECTRA, and KerasHub's is made of zeros
      let isMade = name == "electra" && tensor.action == .synthesised
      #expect(found.shape == original.shape && (isMade || found.floats == original.floats))
    }
    #expect(theirs.isEmpty, "\(theirs.keys) are missing")
    let (said, written) = (fixture.sidecars["config.json"], back.sidecars["config.json"])
    #expect(said?["class_name"] == written?["class_name"])
    #expect(said?["module"] == written?["module"])
    for (key, value) in said?["config"]?.object ?? [:] {
      guard let own = written?["config"]?[key],
        !["name", "dropout", "query_head_dim_normalize"].contains(key)
      else { continue }
      #expect(own == value || own.double == value.double && own.double != nil, "\(key) is \(own)")
    }
  }

  /// Without a configuration kernels still show the heads, and the evidence says what they do not show.
  @Test(arguments: ["electra", "gpt2", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"])
  func readsBareWeights(name: String) throws {
    var fixture = try Fixture(name)
    fixture.sidecars = [:]
    let model = try fixture.model()
    #expect(model.account.isComplete && model.dialect == .kerasHubObjects)
    if let decoder = model.configuration as? DecoderConfiguration {
      #expect(decoder.queryHeads == 4 && decoder.kind.rawValue == name)
      #expect(decoder.assumptions.contains { $0.contains("rotary angles") })
    }
    #expect((model.configuration as? GPT2Configuration)?.heads ?? 2 == 2)
    #expect((model.configuration as? EncoderConfiguration)?.heads ?? 2 == 2)
  }

  @Test func refusesAClassThatAsksForMore() throws {
    var fixture = try Fixture("gemma3")
    let config = try #require(fixture.sidecars["config.json"]?.object)
    var arguments = try #require(config["config"]?.object)
    arguments["use_bidirectional_attention"] = true
    var changed = config
    changed["config"] = .object(arguments)
    fixture.sidecars["config.json"] = .object(changed)
    #expect(Catalogue.standard.recognise(fixture.weights, sidecars: fixture.sidecars) == nil)
  }

  @Test(arguments: [
    ("gemma", "epsilon"), ("t5", "layers in the decoder"), ("gpt2", "tanh"),
  ])
  func saysWhyKerasHubHasNoSuch(name: String, reason: String) throws {
    let model = try Fixture(name).model()
    func reasonFor(_ configuration: any ModelConfiguration) -> String {
      guard case .impossible(let words) = configuration.adapted(to: .kerasHubObjects) else {
        return ""
      }
      return words
    }
    if var decoder = model.configuration as? DecoderConfiguration {
      decoder.epsilon = 1e-5
      #expect(reasonFor(decoder).contains(reason))
    } else if var t5 = model.configuration as? T5Configuration {
      t5.decoderLayers = 1
      #expect(reasonFor(t5).contains(reason))
    } else if var gpt2 = model.configuration as? GPT2Configuration {
      gpt2.activation = .gelu
      #expect(reasonFor(gpt2).contains(reason))
    }
  }
}
