import Formats
import JSON

/// RoBERTa, XLM-RoBERTa, CamemBERT: BERT's layers, with positions that are counted from the padding's id.
public struct RoBERTa: EncoderFamily {
  public static let kind = EncoderConfiguration.Kind.roberta
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace, anchor: "encoder.layer.0.attention.self.query.weight",
        basePrefix: "roberta."),
      DialectSigns(.gguf, anchor: "blk.0.attn_output_norm.weight"),
      DialectSigns(.kerasHub, anchor: "transformer_layer_0.self_attention_layer.query.kernel"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.transformer_encoder._self_attention_layer.query_dense.vars.0"),
    ]
  }

  /// Without the model's prefix BERT's names are the same; one token type is RoBERTa's alone.
  public static func takes(_ configuration: EncoderConfiguration, config: JSONValue?) -> Bool {
    config?["model_type"] != nil || configuration.types == 1
  }
}
