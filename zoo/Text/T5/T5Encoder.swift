import Formats
import JSON
import OrderedCollections

/// The encoder of a T5 alone, as models of sentences and of pictures have it: transformers' `T5EncoderModel`.
public struct T5EncoderConfiguration: Sendable, Hashable {
  /// The T5 that it is of; of its decoder nothing counts.
  public var whole: T5Configuration

  public init(of whole: T5Configuration) {
    self.whole = whole
    // Sizes are looked up by both
    self.whole.decoderLayers = whole.encoderLayers
    self.whole.isTied = true
  }
}

extension T5EncoderConfiguration: TransformersConfiguration {
  public var family: String { whole.family }
  public var variant: String { "\(whole.variant), encoder" }
  public var task: ModelTask { .textFeatures }
  public var assumptions: [String] { whole.assumptions }

  /// `input_ids` and `attention_mask` to `last_hidden_state`.
  public func build() throws -> ModelDefinition {
    try whole.check()
    var graph = LayerBuilder(name: variant)
    let ids = graph.tokens("input_ids")
    let mask = graph.attentionMask(graph.tokens("attention_mask"))
    let encoded = try whole.encoder(&graph, ids, mask, output: "last_hidden_state")
    var definition = try graph.finished(encoded)
    definition.defaults["attention_mask"] = .ones(like: "input_ids")
    definition.vocabularies["input_ids"] = whole.vocabulary
    return definition
  }

  /// KerasHub has no encoder without a decoder.
  public func nameMap(for dialect: Dialect) -> NameMap? {
    dialect.isKerasHub ? nil : whole.nameMap(for: dialect)
  }

  /// The configuration as transformers has it, without what only the decoder wants.
  public var huggingFaceConfiguration: JSONValue {
    guard var config = whole.huggingFaceConfiguration.object else { return .null }
    config["architectures"] = ["T5EncoderModel"]
    config["is_encoder_decoder"] = false
    for key in [
      "num_decoder_layers", "tie_word_embeddings", "scale_decoder_outputs", "eos_token_id",
      "decoder_start_token_id",
    ] {
      config[key] = nil
    }
    return .object(config)
  }
}
