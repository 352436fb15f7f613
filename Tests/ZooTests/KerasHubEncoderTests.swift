import BinaryIO
import Converters
import Formats
import OrderedCollections
import Tensors
import TestSupport
import Testing

@testable import Zoo

/// Text encoders in KerasHub's words (`scripts/fixtures/text_encoders_keras.py`).
@Suite struct KerasHubEncoderTests {
  @Test(arguments: [
    ("kerashub-bert", "model.weights.h5", "BERT", Dialect.kerasHubObjects),
    ("kerashub-distilbert", "model.h5", "DistilBERT", .kerasHub),
  ])
  func computesWhatKerasHubComputes(
    name: String, file: String, family: String, dialect: Dialect
  ) throws {
    let weights = try FormatRegistry.read(Fixtures.path("encoders/\(name)/\(file)")).normalised
    let model = try EncoderTests.model(weights, sidecars: [:])
    #expect(model.recognition.family == family && model.dialect == dialect)
    #expect((model.configuration as? EncoderConfiguration)?.heads == 2)
    let golden = try NumPyArrays.arrays("encoders/\(name)/golden.npz")
    let inputs = golden.filter { !$0.key.hasSuffix("_output") }
    let answers = try EncoderTests.answers(model, inputs)
    let wanted = golden.filter { $0.key.hasSuffix("_output") }
    #expect(Set(answers.keys) == Set(wanted.keys))
    var seen = golden
    seen["attention_mask"] = golden["padding_mask"]
    for (name, output) in wanted {
      EncoderTests.expectClose(try #require(answers[name]), output, seen)
    }
  }

  @Test func expressesTransformersWeightsInKerasOrder() throws {
    let model = try EncoderTests.model("distilbert")
    let expressed = try model.expressed(in: .kerasHub, withGraph: false)
    let layer = expressed.tensors.map(\.entry.name).filter { $0.hasPrefix("transformer_layer_1.") }
    #expect(
      layer.map { $0.dropFirst("transformer_layer_1.".count) } == [
        "self_attention_layer.query.kernel", "self_attention_layer.query.bias",
        "self_attention_layer.key.kernel", "self_attention_layer.key.bias",
        "self_attention_layer.value.kernel", "self_attention_layer.value.bias",
        "self_attention_layer.attention_output.kernel",
        "self_attention_layer.attention_output.bias", "self_attention_layer_norm.weight",
        "self_attention_layer_norm.bias", "feedforward_layer_norm.weight",
        "feedforward_layer_norm.bias", "feedforward_intermediate_dense.weight",
        "feedforward_intermediate_dense.bias", "feedforward_output_dense.weight",
        "feedforward_output_dense.bias",
      ])
    let kernel = expressed.tensors.first {
      $0.entry.name.hasSuffix("0.self_attention_layer.query.kernel")
    }
    #expect(kernel?.entry.shape == [24, 4, 6])
    #expect(expressed.tensors.first?.entry.name.contains("token_embedding") == true)
  }

  @Test func refusesAnotherActivationUnderTheSameName() throws {
    let model = try EncoderTests.model("bert")
    #expect {
      try model.expressed(in: .kerasHub, withGraph: false)
    } throws: { error in
      (error as? DataError)?.code == .unsupported && "\(error)".contains("GELU")
    }
  }
}
