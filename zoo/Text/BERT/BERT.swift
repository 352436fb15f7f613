import Formats
import JSON

/// BERT, and all that have its names: MiniLM, most sentence-transformers, bge, e5, gte.
public struct BERT: EncoderFamily {
  public static let kind = EncoderConfiguration.Kind.bert
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace, anchor: "encoder.layer.0.attention.self.query.weight", basePrefix: "bert."),
      DialectSigns(.gguf, anchor: "blk.0.attn_output_norm.weight"),
      DialectSigns(.kerasHub, anchor: "transformer_layer_0.self_attention_layer.query.kernel"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.transformer_encoder._self_attention_layer.query_dense.vars.0"),
    ]
  }

  /// Without the model's prefix RoBERTa's and ELECTRA's names are the same.
  public static func takes(_ configuration: EncoderConfiguration, config: JSONValue?) -> Bool {
    config?["model_type"] != nil || configuration.types != 1
  }
}
