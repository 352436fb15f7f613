import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Testing
import Zoo

/// `params.json` as Meta published it, for models whose own is known.
@Suite struct MetaParametersTests {
  @Test(
    arguments: [
      ("Llama-2-7B", nil, 256, nil), ("Llama-2-70B", 1.3, 4096, nil),
      ("Llama-3-8B", 1.3, 1024, nil),
      ("Llama-3.1-8B", 1.3, 1024, true), ("Llama-3.2-1B", 1.5, 256, true),
    ] as [(String, Double?, Int, Bool?)])
  func sayWhatMetaSays(name: String, factor: Double?, multiple: Int, isScaled: Bool?) throws {
    let configuration = try Catalogue.standard.variant(named: name).configuration
    let sidecars = configuration.sidecars(for: .meta, labels: nil, preprocessing: nil)
    let parameters = try #require(sidecars["params.json"])
    #expect(parameters["ffn_dim_multiplier"]?.double == factor)
    #expect(parameters["multiple_of"]?.integer == multiple)
    #expect(parameters["use_scaled_rope"]?.bool == isScaled)
    #expect(parameters["rope_scaling_factor"] == nil)
  }

  @Test(arguments: [
    "Llama-2-7B", "Llama-2-13B", "TinyLlama-1.1B", "SmolLM2-135M", "Llama-3.2-3B",
    "Mistral-7B-v0.1", "Mistral-7B-v0.3",
  ])
  func areReadBackAsTheSame(name: String) throws {
    let configuration = try #require(
      try Catalogue.standard.variant(named: name).configuration as? DecoderConfiguration)
    guard case .possible = configuration.adapted(to: .meta) else {
      Issue.record("not possible")
      return
    }
    let sidecars = configuration.sidecars(for: .meta, labels: nil, preprocessing: nil)
    let map = try #require(configuration.nameMap(for: .meta)).inverted
    let definition = try configuration.build()
    var shapes: OrderedDictionary<String, Shape> = [:]
    for id in definition.graph.parameters {
      let value = definition.graph[id]
      for theirs in map.names(for: value.name) ?? [] { shapes[theirs] = value.type.shape }
    }
    let read = Decoder().configuration(
      of: NamedShapes(shapes), in: .meta, sidecars: sidecars)
    let found = try #require(read as? DecoderConfiguration)
    #expect(found.kind == configuration.kind && found.rotary == configuration.rotary)
    #expect(found.window == configuration.window && found.epsilon == configuration.epsilon)
    #expect(found.intermediateSize == configuration.intermediateSize)
    #expect(found.queryHeads == configuration.queryHeads)
    #expect(found.keyValueHeads == configuration.keyValueHeads)
    #expect(found.assumptions.isEmpty)
  }
}
