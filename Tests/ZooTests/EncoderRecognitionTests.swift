import Converters
import Formats
import JSON
import OrderedCollections
import Tensors
import TestSupport
import Testing

@testable import Zoo

/// What an encoder is told by, and what speaks against it.
@Suite struct EncoderRecognitionTests {
  /// The weights of a case under other names; those that `rename` gives no name are left out.
  static func weights(
    _ name: String, _ rename: (String) -> String?
  ) throws -> [NormalisedTensor] {
    try EncoderTests.checkpoint(name).normalised.compactMap { tensor in
      guard let name = rename(tensor.entry.name) else { return nil }
      return NormalisedTensor(tensor.entry.renamed(name))
    }
  }

  static func config(_ name: String) throws -> Sidecars {
    try EncoderTests.checkpoint(name).sidecars
  }

  @Test func readsTheNamesOfOldFiles() throws {
    let old = try Self.weights("bert-masked") { name in
      guard name.contains("LayerNorm") else { return name }
      return name.hasSuffix("weight")
        ? name.dropLast(6) + "gamma" : name.dropLast(4) + "beta"
    }
    let ids = NormalisedTensor(
      TensorEntry(
        name: "bert.embeddings.position_ids", Tensor(shape: [1, 32], (0..<32).map { Int64($0) })))
    let model = try EncoderTests.model(old + [ids], sidecars: Self.config("bert-masked"))
    #expect(model.account.dropped == ["bert.embeddings.position_ids"])
    let golden = try NumPyArrays.arrays("encoders/bert-masked/golden.npz")
    let answers = try EncoderTests.answers(model, EncoderTests.inputs(golden))
    GoldenLogitsTests.expectClose(
      try #require(answers["logits"]), try #require(golden["logits"]))
    let names = Set(try model.expressed(in: .huggingFace).tensors.map(\.entry.name))
    #expect(names.contains("bert.embeddings.LayerNorm.weight"))
    #expect(!names.contains { $0.hasSuffix("gamma") })
  }

  @Test(arguments: ["", "bert.", "model.bert.", "0.auto_model."])
  func readsTheBackboneUnderAnyPrefix(prefix: String) throws {
    let weights = try Self.weights("bert") { prefix + $0 }
    let model = try EncoderTests.model(weights, sidecars: Self.config("bert"))
    #expect(model.recognition.family == "BERT")
    #expect(model.account.isComplete)
  }

  @Test(arguments: [
    ("bert", "BERT"), ("roberta", "RoBERTa"), ("roberta-masked", "RoBERTa"),
    ("electra-text", "ELECTRA"), ("electra-generator", "ELECTRA"), ("mpnet", "MPNet"),
    ("distilbert", "DistilBERT"), ("albert-text", "ALBERT"),
  ])
  func tellsFamiliesApartWithoutAConfiguration(name: String, family: String) throws {
    let weights = try EncoderTests.checkpoint(name).normalised
    let model = try EncoderTests.model(weights, sidecars: [:])
    #expect(model.recognition.family == family)
    #expect(model.recognition.evidence.contains { $0.contains("are assumed") })
  }

  @Test(arguments: [
    ("num_attention_heads", 5, "does not divide 24"),
    ("num_hidden_layers", 3, "the weights have 2"),
    ("hidden_size", 48, "'hidden_size' is 48, and the weights have 24"),
    ("vocab_size", 71, "the weights have 70"), ("type_vocab_size", 1, "the weights have 2"),
    ("max_position_embeddings", 512, "the weights have 32"),
  ])
  func namesWhatTheConfigurationSaysAgainstTheWeights(
    key: String, value: Int, words: String
  ) throws {
    var sidecars = try Self.config("bert")
    var members = try #require(sidecars["config.json"]?.object)
    members[key] = .integer(value)
    sidecars["config.json"] = .object(members)
    let weights = try EncoderTests.checkpoint("bert").normalised
    #expect(Catalogue.standard.recognise(weights, sidecars: sidecars) == nil)
    let nearest = try #require(
      Catalogue.standard.resemblances(of: weights, sidecars: sidecars).first)
    #expect(nearest.family == "BERT" && nearest.differences.count == 1)
    #expect(nearest.description.contains(words), "\(nearest.description)")
  }

  /// Numbers from a file may be anything, and never stop the program.
  @Test(arguments: ["roberta", "albert", "modernbert", "mpnet", "bert"])
  func survivesAnyConfiguration(name: String) throws {
    let checkpoint = try EncoderTests.checkpoint(name)
    let members = try #require(checkpoint.sidecars["config.json"]?.object)
    for (key, value) in members where value.integer != nil {
      for number in [Int.min, -1, 0, 1, 7, Int.max] {
        var sidecars = checkpoint.sidecars
        var changed = members
        changed[key] = .integer(number)
        sidecars["config.json"] = .object(changed)
        let near = Catalogue.standard.resemblances(
          of: checkpoint.normalised, sidecars: sidecars)
        #expect(near.allSatisfy { !$0.description.isEmpty })
      }
    }
  }

  @Test func takesItsOwnDescriptionForAConfiguration() throws {
    let model = try EncoderTests.model("albert-masked")
    let facts = try #require(model.configuration.hiddenFacts)
    let again = try EncoderTests.model(
      EncoderTests.checkpoint("albert-masked").normalised,
      sidecars: [Checkpoint.descriptionName: ["config": facts]])
    #expect(again.recognition.variant == model.recognition.variant)
    #expect(!again.recognition.evidence.contains { $0.contains("assumed") })
  }

  /// - Source: transformers' `MPNetEncoder.relative_position_bucket` with 32 buckets.
  @Test(arguments: [
    (0, 0), (1, 17), (-1, 1), (-7, 7), (-8, 8), (-9, 8), (-11, 8), (-12, 9), (-16, 10), (-23, 11),
    (-24, 11), (-64, 14), (64, 30), (-91, 15), (-90, 14), (-128, 15), (127, 31), (5, 21),
  ])
  func sortsDistancesIntoBuckets(distance: Int, bucket: Int) {
    #expect(
      LayerBuilder.bucket(of: distance, among: 32, isBidirectional: true, farthest: 128) == bucket)
  }
}
