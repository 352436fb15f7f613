import Formats
import JSON
import OrderedCollections

extension GPT2Configuration: TransformersConfiguration {
  public var family: String { "GPT-2" }

  /// The authors' name, or the sizes where they are unusual.
  public var variant: String {
    let known = GPT2.named.first { _, other in
      vocabulary == other.vocabulary && contextLength == other.contextLength
        && hiddenSize == other.hiddenSize && intermediateSize == other.intermediateSize
        && layers == other.layers && heads == other.heads
    }
    return known?.0 ?? "GPT-2 (\(layers) layers, \(hiddenSize) wide)"
  }

  public var task: ModelTask { DecoderHead.task(of: head) }
  public var classes: Int? { DecoderHead.classes(of: head) }

  /// The configuration as transformers has it.
  public var huggingFaceConfiguration: JSONValue {
    var config: Sidecars = [
      "architectures": [.string("GPT2" + DecoderHead.suffix(of: head, nextToken: "LMHeadModel"))],
      "model_type": "gpt2",
      "vocab_size": .integer(vocabulary),
      "n_positions": .integer(contextLength),
      "n_embd": .integer(hiddenSize),
      "n_inner": .integer(intermediateSize),
      "n_layer": .integer(layers),
      "n_head": .integer(heads),
      "layer_norm_epsilon": .number(epsilon),
      "activation_function": .string(activation.rawValue),
      "tie_word_embeddings": .bool(isTied),
    ]
    config.merge(DecoderHead.facts(of: head)) { $1 }
    return .object(config)
  }
}
