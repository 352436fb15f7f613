import Formats
import JSON
import OrderedCollections
import Tensors

/// T5, its version 1.1, and Flan-T5; also their encoders alone.
public struct T5: ModelFamily {
  public let name = "T5"
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.huggingFace, anchor: "encoder.block.0.layer.0.SelfAttention.q.weight"),
      DialectSigns(.gguf, anchor: "enc.blk.0.attn_q.weight"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.t5_transformer_layer.self_attention.query_projector.vars.0"),
    ]
  }

  public var variants: [ModelVariant] {
    Self.named.map { ModelVariant($0.0, $0.1) }
  }

  static let named: [(String, T5Configuration)] = {
    func t5(
      _ hidden: Int, _ inner: Int, _ layers: Int, _ heads: Int, head: Int = 64,
      gated: Bool = false
    ) -> T5Configuration {
      T5Configuration(
        hiddenSize: hidden, intermediateSize: inner, layers: layers, heads: heads,
        headDimension: head, isGated: gated)
    }
    return [
      ("T5-small", t5(512, 2048, 6, 8)),
      ("T5-base", t5(768, 3072, 12, 12)),
      ("T5-large", t5(1024, 4096, 24, 16)),
      ("T5-3B", t5(1024, 16384, 24, 32, head: 128)),
      ("Flan-T5-small", t5(512, 1024, 8, 6, gated: true)),
      ("Flan-T5-base", t5(768, 2048, 12, 12, gated: true)),
      ("Flan-T5-large", t5(1024, 2816, 24, 16, gated: true)),
      ("Flan-T5-XL", t5(2048, 5120, 24, 32, gated: true)),
    ]
  }()

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let isGated =
      shapes["encoder.block.0.layer.1.DenseReluDense.wi_0.weight"] != nil
      || shapes["enc.blk.0.ffn_gate.weight"] != nil
    if dialect == .kerasHubObjects { return T5Configuration(kerasHub: shapes, sidecars) }
    let map = T5Configuration.nameMap(for: dialect, isTied: false, isGated: isGated)
    guard let map else { return nil }
    let canonical = shapes.mapped(by: map)
    let found = T5Configuration(
      canonical: canonical, config: sidecars.textConfiguration, isGated: isGated)
    let hasDecoder = canonical.first { $0.hasPrefix("decoder.") } != nil
    return hasDecoder ? found : found.map { T5EncoderConfiguration(of: $0) }
  }
}

extension T5Configuration {
  /// What shapes of weights under canonical names show, and a `config.json` of transformers says; nil when they are none of these.
  init?(canonical shapes: NamedShapes, config: JSONValue?, isGated: Bool) {
    let first = "encoder.block.0.layer"
    guard config?["model_type"]?.string ?? "t5" == "t5",
      let words = shapes["shared.weight"], words.rank == 2,
      let bias = shapes["\(first).0.SelfAttention.relative_attention_bias.weight"],
      bias.rank == 2, bias[1] > 0,
      let query = shapes["\(first).0.SelfAttention.q.weight"], query.rank == 2,
      let down = shapes["\(first).1.DenseReluDense.wo.weight"], down.rank == 2
    else { return nil }
    func count(_ stack: String) -> Int {
      shapes.numbers(in: NamePattern("\(stack).block.{i}.*"), "i", "i").count
    }
    func size(_ key: String, _ shown: Int) -> Int { config?[key]?.integer ?? shown }
    let heads = size("num_heads", bias[1])
    self.init(
      vocabulary: size("vocab_size", words[0]), hiddenSize: size("d_model", words[1]),
      intermediateSize: size("d_ff", down[1]), layers: size("num_layers", count("encoder")),
      heads: heads, headDimension: size("d_kv", query[0] / max(heads, 1)), isGated: isGated)
    decoderLayers = size(
      "num_decoder_layers", config == nil ? count("decoder") : encoderLayers)
    buckets = size("relative_attention_num_buckets", bias[0])
    farthest = size("relative_attention_max_distance", 128)
    let hasOwnHead = shapes["lm_head.weight"] != nil
    isTied = !hasOwnHead
    scalesOutput =
      config?["scale_decoder_outputs"]?.bool ?? config?["tie_word_embeddings"]?.bool
      ?? !hasOwnHead
    guard let config else {
      let layer = activation == .relu ? "ReLU" : "GELU by tanh"
      assumptions = [
        "distances up to \(farthest), \(layer) and an epsilon of 1e-06 are assumed: "
          + "no config.json says them"
      ]
      return
    }
    firstToken =
      config["decoder_start_token_id"]?.integer ?? config["pad_token_id"]?.integer ?? firstToken
    epsilon = config["layer_norm_epsilon"]?.double ?? epsilon
    let feedForward = config["feed_forward_proj"]?.string ?? (isGated ? "gated-gelu" : "relu")
    let name = feedForward.hasPrefix("gated-") ? feedForward.dropFirst(6) : feedForward[...]
    // transformers takes `gated-gelu` for the one by tanh
    let said = isGated && name == "gelu" ? "gelu_new" : String(name)
    guard epsilon > 0, feedForward.hasPrefix("gated-") == isGated,
      let activation = Activation(transformers: said)
    else { return nil }
    self.activation = activation
  }
}
