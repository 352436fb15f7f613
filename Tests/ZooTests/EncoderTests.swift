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

@testable import Zoo

/// Text encoders against transformers, on tiny siblings (`scripts/fixtures/text_encoders.py`).
@Suite struct EncoderTests {
  static let cases: [(name: String, family: String, task: ModelTask)] = [
    ("bert", "BERT", .textFeatures), ("bert-masked", "BERT", .maskedLanguageModel),
    ("bert-pretraining", "BERT", .pretraining), ("bert-text", "BERT", .textClassification),
    ("bert-tokens", "BERT", .tokenClassification), ("bert-answers", "BERT", .questionAnswering),
    ("roberta", "RoBERTa", .textFeatures), ("roberta-masked", "RoBERTa", .maskedLanguageModel),
    ("roberta-text", "RoBERTa", .textClassification),
    ("xlm-roberta-tokens", "RoBERTa", .tokenClassification),
    ("distilbert", "DistilBERT", .textFeatures),
    ("distilbert-masked", "DistilBERT", .maskedLanguageModel),
    ("distilbert-text", "DistilBERT", .textClassification), ("mpnet", "MPNet", .textFeatures),
    ("mpnet-masked", "MPNet", .maskedLanguageModel),
    ("electra-generator", "ELECTRA", .maskedLanguageModel),
    ("electra-discriminator", "ELECTRA", .pretraining),
    ("electra-text", "ELECTRA", .textClassification), ("albert", "ALBERT", .textFeatures),
    ("albert-masked", "ALBERT", .maskedLanguageModel),
    ("albert-pretraining", "ALBERT", .pretraining), ("albert-text", "ALBERT", .textClassification),
    ("modernbert", "ModernBERT", .textFeatures),
    ("modernbert-masked", "ModernBERT", .maskedLanguageModel),
    ("modernbert-text", "ModernBERT", .textClassification),
    ("nomic", "Nomic BERT", .textFeatures), ("t5-encoder", "T5", .textFeatures),
    ("t5-encoder-gated", "T5", .textFeatures),
  ]

  static func checkpoint(_ name: String) throws -> Checkpoint {
    try FormatRegistry.read(Fixtures.path("encoders/\(name)"))
  }

  static func model(
    _ weights: [NormalisedTensor], sidecars: Sidecars
  ) throws -> ZooModel {
    let near = Catalogue.standard.resemblances(of: weights, sidecars: sidecars)
    let found = try #require(
      Catalogue.standard.recognise(weights, sidecars: sidecars), "\(near.map(\.description))")
    return try found.model(weights: weights, sidecars: sidecars)
  }

  static func model(_ name: String) throws -> ZooModel {
    let checkpoint = try checkpoint(name)
    return try model(checkpoint.normalised, sidecars: checkpoint.sidecars)
  }

  /// The outputs of a graph, and the values besides that are asked for.
  static func answers(
    _ model: ZooModel, _ inputs: [String: Tensor], besides: [String] = []
  ) throws -> [String: Tensor] {
    var graph = model.graph
    for name in besides {
      graph.outputs.append(
        ValueID(index: try #require(graph.values.firstIndex { $0.name == name }, "\(name)")))
    }
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: graph) { try #require(weights[$0]).load() }
    let given = try model.definition.completed(inputs, taken: session.inputs.map(\.name))
    return Dictionary(
      try session.run(given).map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
  }

  static func inputs(_ golden: [String: Tensor]) -> [String: Tensor] {
    golden.filter { ["input_ids", "attention_mask", "token_type_ids"].contains($0.key) }
  }

  @Test(arguments: cases)
  func computesWhatTransformersComputes(name: String, family: String, task: ModelTask) throws {
    let model = try Self.model(name)
    #expect(model.recognition.family == family)
    #expect(model.configuration.task == task)
    #expect(model.dialect == .huggingFace && model.account.isComplete)
    #expect(model.preprocessing == nil)
    let golden = try NumPyArrays.arrays("encoders/\(name)/golden.npz")
    let stages = Self.stages(of: model.configuration)
    #expect(stages.count >= 2)
    let answers = try Self.answers(model, Self.inputs(golden), besides: stages.keys.sorted())
    for (stage, state) in stages {
      Self.expectClose(try #require(answers[stage]), try #require(golden[state]), golden)
    }
    let outputs = golden.filter {
      !$0.key.hasPrefix("hidden_") && Self.inputs(golden)[$0.key] == nil
    }
    #expect(Set(model.graph.outputs.map { model.graph[$0].name }) == Set(outputs.keys))
    for (name, wanted) in outputs {
      Self.expectClose(try #require(answers[name]), wanted, golden)
    }
  }

  /// Compares all but what stands at padded places, which is nobody's business: a local layer may see nothing but padding there.
  static func expectClose(
    _ ours: Tensor, _ theirs: Tensor, _ golden: [String: Tensor],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var (ours, theirs) = (ours, theirs)
    if let mask = golden["attention_mask"], ours.shape == theirs.shape, ours.rank >= 2,
      ours.shape[0] == mask.shape[0], ours.shape[1] == mask.shape[1]
    {
      let width = ours.shape.elementCount / mask.elementCount
      let seen = mask.doubles.flatMap { [Bool](repeating: $0 != 0, count: width) }
      func kept(_ tensor: Tensor) -> Tensor {
        Tensor(zip(tensor.floats, seen).filter(\.1).map(\.0))
      }
      (ours, theirs) = (kept(ours), kept(theirs))
    }
    GoldenLogitsTests.expectClose(ours, theirs, sourceLocation: sourceLocation)
  }

  /// The graph's values that are transformers' hidden states, but for the last, which may be an output.
  static func stages(of configuration: any ModelConfiguration) -> [String: String] {
    var stages: [String: String] = [:]
    if let modern = configuration as? ModernBERTConfiguration {
      stages["embeddings.norm"] = "hidden_0"
      for layer in 0..<(modern.layers - 1) {
        stages["layers.\(layer).mlp.add"] = "hidden_\(layer + 1)"
      }
    } else if let nomic = configuration as? NomicBERTConfiguration {
      stages["emb_ln"] = "hidden_0"
      for layer in 0..<(nomic.layers - 1) {
        stages["encoder.layers.\(layer).norm2"] = "hidden_\(layer + 1)"
      }
    } else if let t5 = configuration as? T5EncoderConfiguration {
      stages["shared"] = "hidden_0"
      for layer in 0..<(t5.whole.encoderLayers - 1) {
        stages["encoder.block.\(layer).layer.1.residual"] = "hidden_\(layer + 1)"
      }
    } else if let plain = configuration as? EncoderConfiguration {
      stages[plain.isProjected ? "embeddings_project" : "embeddings.LayerNorm"] = "hidden_0"
      for layer in 0..<(plain.head == nil ? plain.layers - 1 : plain.layers) {
        stages["encoder.layer.\(layer).output.LayerNorm"] = "hidden_\(layer + 1)"
      }
    }
    return stages
  }

  @Test(arguments: ["bert", "roberta", "albert", "modernbert"])
  func takesIdsAlone(name: String) throws {
    let model = try Self.model(name)
    let golden = try NumPyArrays.arrays("encoders/\(name)/golden.npz")
    let ids = try #require(golden["input_ids"]).sliced(axis: 0, 0..<1).contiguous()
    var all = [
      "input_ids": ids,
      "attention_mask": Tensor(shape: ids.shape, ids.doubles.map { _ in Int64(1) }),
    ]
    if model.definition.defaults["token_type_ids"] != nil {
      all["token_type_ids"] = Tensor(zeros: ids.shape, dataType: .int64)
    }
    let explicit = try Self.answers(model, all)
    let implicit = try Self.answers(model, ["input_ids": ids.cast(to: .int32)])
    let (a, b) = (
      try #require(explicit["last_hidden_state"]), try #require(implicit["last_hidden_state"])
    )
    #expect(a.isBitEqual(to: b))
  }

  /// The authors' own files say the same in GPT-2's words.
  @Test func readsNomicsOwnConfiguration() throws {
    let model = try Self.model("nomic")
    let own: JSONValue = [
      "model_type": "nomic_bert", "architectures": ["NomicBertModel"], "n_embd": 24, "n_head": 4,
      "n_inner": 40, "n_layer": 2, "n_positions": 64, "vocab_size": 70, "type_vocab_size": 2,
      "activation_function": "swiglu", "layer_norm_epsilon": 1e-12, "rotary_emb_base": 1000,
      "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": false, "prenorm": false,
      "rotary_scaling_factor": nil,
    ]
    let weights = try Self.checkpoint("nomic").normalised
    let found = try Self.model(weights, sidecars: ["config.json": own])
    #expect(found.configuration.hiddenFacts == model.configuration.hiddenFacts)
    #expect(found.configuration.assumptions.isEmpty)
    var other = try #require(own.object)
    other["prenorm"] = true
    let sidecars: Sidecars = ["config.json": .object(other)]
    #expect(Catalogue.standard.recognise(weights, sidecars: sidecars) == nil)
  }

  @Test func namesATextThatIsTooLong() throws {
    for (name, limit) in [("bert", 32), ("roberta", 32), ("mpnet", 32)] {
      let model = try Self.model(name)
      let fits = ["input_ids": Tensor(shape: [1, limit], [Int64](repeating: 5, count: limit))]
      let answer = try Self.answers(model, fits)
      #expect(answer["last_hidden_state"]?.shape == [1, limit, 24])
      #expect {
        let ids = Tensor(shape: [1, limit + 1], [Int64](repeating: 5, count: limit + 1))
        _ = try Self.answers(model, ["input_ids": ids])
      } throws: { error in
        (error as? DataError)?.code == .mismatch && "\(error)".contains("\(limit + 1) positions")
      }
    }
  }

  @Test func keepsLabelsAndWhatTheyAreToEachOther() throws {
    let model = try Self.model("bert-text")
    #expect(model.labels == ["sad", "so so", "glad"])
    #expect(model.configuration.classes == 3)
    let written = try model.expressed(in: .huggingFace).sidecars["config.json"]
    #expect(written?["problem_type"] == "multi_label_classification")
    #expect(written?["id2label"]?["2"] == "glad")
  }

  /// Every member that we write says what transformers wrote.
  @Test(arguments: cases)
  func writesTheConfigurationThatTransformersWrote(
    name: String, family: String, task: ModelTask
  ) throws {
    let theirs = try #require(Self.checkpoint(name).sidecars["config.json"])
    let ours = try Self.model(name).expressed(in: .huggingFace).sidecars["config.json"]
    for (key, value) in try #require(ours?.object) {
      let wanted = theirs[key]
      if key == "id2label" || key == "label2id" { continue }
      #expect(
        value == wanted || value.double != nil && value.double == wanted?.double,
        "'\(key)' is \(value), and transformers says \(String(describing: wanted))")
    }
  }

  @Test(arguments: EncoderConfiguration.Kind.allCases)
  func mapsEveryHeadOneToOneAndBack(kind: EncoderConfiguration.Kind) throws {
    let heads: [EncoderConfiguration.Head?] = [
      nil, .maskedTokens, .pretraining, .text(3), .tokens(3), .answers, .replacedTokens,
    ]
    for head in heads {
      if head == .replacedTokens && kind != .electra { continue }
      if head == .pretraining && kind != .bert && kind != .albert { continue }
      var configuration = EncoderConfiguration(
        kind, vocabulary: 50, hidden: 8, layers: 2, heads: 2, intermediate: 12, positions: 16,
        embedding: kind == .albert || kind == .electra ? 6 : 8, head: head)
      configuration.hasOwnDecoder = head == .maskedTokens
      for dialect in Dialect.all {
        guard let map = configuration.nameMap(for: dialect) else { continue }
        var seen: Set<String> = []
        for name in try configuration.build().state {
          for target in try #require(map.inverted.names(for: name), "\(dialect): \(name)") {
            // A table and a row of ours may be one table of theirs
            let isSum = map.relation(of: target)?.isSum == true
            #expect(seen.insert(target).inserted || isSum, "\(dialect): \(target) is two")
            #expect(map.names(for: target)?.contains(name) == true, "\(dialect): \(target)")
          }
        }
      }
    }
  }
}
