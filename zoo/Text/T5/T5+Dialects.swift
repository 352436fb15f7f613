import Formats
import JSON

extension T5Configuration: TransformersConfiguration {
  public var family: String { "T5" }

  /// The authors' name, or the sizes where they are unusual.
  public var variant: String {
    let known = T5.named.first { _, other in
      vocabulary == other.vocabulary && hiddenSize == other.hiddenSize
        && intermediateSize == other.intermediateSize && encoderLayers == other.encoderLayers
        && decoderLayers == other.decoderLayers && heads == other.heads
        && headDimension == other.headDimension && isGated == other.isGated
    }
    return known?.0 ?? "T5 (\(encoderLayers) + \(decoderLayers) layers, \(hiddenSize) wide)"
  }

  public var task: ModelTask { .textToText }

  /// The configuration as transformers has it.
  public var huggingFaceConfiguration: JSONValue {
    let name = isGated && activation == .geluTanh ? "gelu" : activation.rawValue
    return [
      "architectures": ["T5ForConditionalGeneration"],
      "model_type": "t5",
      "is_encoder_decoder": true,
      "vocab_size": .integer(vocabulary),
      "d_model": .integer(hiddenSize),
      "d_kv": .integer(headDimension),
      "d_ff": .integer(intermediateSize),
      "num_layers": .integer(encoderLayers),
      "num_decoder_layers": .integer(decoderLayers),
      "num_heads": .integer(heads),
      "relative_attention_num_buckets": .integer(buckets),
      "relative_attention_max_distance": .integer(farthest),
      "layer_norm_epsilon": .number(epsilon),
      "feed_forward_proj": .string(isGated ? "gated-\(name)" : name),
      "tie_word_embeddings": .bool(scalesOutput),
      "scale_decoder_outputs": .bool(scalesOutput),
      "pad_token_id": 0, "eos_token_id": 1,
      "decoder_start_token_id": .integer(firstToken),
    ]
  }
}
