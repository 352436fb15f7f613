import Formats
import JSON
import OrderedCollections
import Tensors

/// ModernBERT, and the embedders that were made of it.
public struct ModernBERT: ModelFamily {
  public let name = "ModernBERT"
  public init() {}

  public var variants: [ModelVariant] {
    Self.named.map { ModelVariant($0.name, $0.configuration) }
  }

  static let named: [(name: String, configuration: ModernBERTConfiguration)] = [
    (
      "ModernBERT base",
      .init(hidden: 768, layers: 22, heads: 12, intermediate: 1152)
    ),
    (
      "ModernBERT large",
      .init(hidden: 1024, layers: 28, heads: 16, intermediate: 2624)
    ),
  ]

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.huggingFace, anchor: "layers.0.attn.Wqkv.weight", basePrefix: "model."),
      DialectSigns(.gguf, anchor: "blk.0.attn_qkv.weight"),
    ]
  }

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let rules =
      dialect == .gguf ? ModernBERTConfiguration.gguf : ModernBERTConfiguration.huggingFace
    return ModernBERTConfiguration(
      canonical: shapes.mapped(by: NameMap(rules)), config: sidecars.modelConfiguration)
  }
}

extension ModernBERTConfiguration {
  /// transformers' names; ours lack `model.`.
  static let huggingFace: [NameRule] = [
    .rename("model.embeddings.*", "embeddings.*"),
    .rename("model.layers.*", "layers.*"),
    .rename("model.final_norm.*", "final_norm.*"),
    .rename("head.*", "head.*"),
    .rename("decoder.*", "decoder.*"),
    .rename("classifier.*", "classifier.*"),
  ]

  /// llama.cpp's; ours lack `model.`.
  static let gguf: [NameRule] =
    [
      .rename("token_embd.weight", "embeddings.tok_embeddings.weight"),
      .rename("token_embd_norm.*", "embeddings.norm.*"),
      .rename("output_norm.*", "final_norm.*"),
      .rename("cls.output.*", "classifier.*"),
      .rename("cls.norm.*", "head.norm.*"),
      .rename("cls.*", "head.dense.*"),
    ]
    + [
      ("attn_norm", "attn_norm"), ("attn_qkv", "attn.Wqkv"), ("attn_output", "attn.Wo"),
      ("ffn_norm", "mlp_norm"), ("ffn_up", "mlp.Wi"), ("ffn_down", "mlp.Wo"),
    ].map {
      .rename(NamePattern("blk.{i}.\($0.0).*"), NamePattern("layers.{i}.\($0.1).*"))
    }

  /// What weights under canonical names, and a configuration beside them, show; nil when they are no ModernBERT's.
  init?(canonical shapes: NamedShapes, config: JSONValue?) {
    guard let words = shapes["embeddings.tok_embeddings.weight"], words.rank == 2,
      let narrow = shapes.first(where: { $0.hasSuffix(".mlp.Wo.weight") }), narrow.rank == 2,
      [words[0], words[1], narrow[1]].allSatisfy({ $0 > 0 })
    else { return nil }
    let pattern: NamePattern = "layers.{i}.*"
    let count = Set(shapes.shapes.keys.compactMap { pattern.match($0)?.numbers["i"] }).count
    guard (1...EncoderConfiguration.mostLayers).contains(count) else { return nil }
    self.init(
      vocabulary: words[0], hidden: words[1], layers: count, heads: 1, intermediate: narrow[1])
    biases.norm = shapes["final_norm.bias"] != nil
    biases.attention = shapes.first { $0.hasSuffix(".attn.Wo.bias") } != nil
    biases.feedForward = shapes.first { $0.hasSuffix(".mlp.Wo.bias") } != nil
    biases.head = shapes["head.dense.bias"] != nil
    biases.decoder = shapes["decoder.bias"] != nil
    hasOwnDecoder = shapes["decoder.weight"] != nil
    let architecture = config?["architectures"]?[0]?.string ?? ""
    if let classifier = shapes["classifier.weight"], classifier.rank == 2, classifier[0] > 0 {
      head =
        architecture.hasSuffix("ForTokenClassification")
        ? .tokens(classifier[0])
        : architecture.hasSuffix("ForQuestionAnswering") ? .answers : .text(classifier[0])
    } else if shapes["head.dense.weight"] != nil {
      head = .maskedTokens
    }
    read(config)
  }

  private mutating func read(_ config: JSONValue?) {
    guard let config else {
      let known = named
      heads = known?.configuration.heads ?? (hidden % 128 == 0 ? hidden / 64 : 1)
      assumptions = [
        "\(heads) heads, epsilon \(epsilon), every third layer global and windows of \(2 * window) are assumed, "
          + "as usual: there is no config.json"
      ]
      return
    }
    if let type = config["model_type"]?.string, type != "modernbert" {
      contradictions.append("its configuration says it is '\(type)'")
    }
    for (key, value) in [
      ("hidden_size", hidden), ("intermediate_size", intermediate), ("vocab_size", vocabulary),
      ("num_hidden_layers", layers),
    ] {
      guard let said = config[key]?.integer, said != value else { continue }
      contradictions.append(
        "its configuration says '\(key)' is \(said), and the weights have \(value)")
    }
    if let said = config["num_attention_heads"]?.integer, said > 0, said <= hidden,
      hidden % (2 * said) == 0
    {
      heads = said
    } else {
      contradictions.append("its configuration gives no number of heads that divides \(hidden)")
    }
    if let said = config["max_position_embeddings"]?.integer, said > 0 { positions = said }
    if let said = config["local_attention"]?.integer, said >= 0 {
      window = min(said, EncoderConfiguration.widest) / 2
    }
    if let kinds = config["layer_types"]?.array, kinds.count == layers {
      globalLayers = kinds.indices.filter { kinds[$0].string == "full_attention" }
    } else if let every = config["global_attn_every_n_layers"]?.integer, every > 0 {
      globalLayers = Array(stride(from: 0, to: layers, by: every))
    }
    readAngles(config)
    for (key, path) in [
      ("hidden_activation", \ModernBERTConfiguration.activation),
      ("classifier_activation", \.headActivation),
    ] {
      guard let name = config[key]?.string else { continue }
      if let known = Activation(transformers: name) {
        self[keyPath: path] = known
      } else {
        contradictions.append("its activation '\(name)' is not known here")
      }
    }
    if let said = config["norm_eps"]?.double { epsilon = said }
    if let said = config["pad_token_id"]?.integer { padding = said }
    classifiesByMean = config["classifier_pooling"]?.string == "mean"
    problemType = config["problem_type"]?.string
  }

  private mutating func readAngles(_ config: JSONValue) {
    let global = Rotary(
      config: config, section: "full_attention",
      theta: config["global_rope_theta"]?.double ?? 160_000)
    let local = Rotary(
      config: config, section: "sliding_attention",
      theta: config["local_rope_theta"]?.double ?? 10_000)
    guard let global, let local else {
      contradictions.append("its rotary positions are scaled in a way that is not known here")
      return
    }
    (globalRotary, localRotary) = (global, local)
  }

  var named: (name: String, configuration: ModernBERTConfiguration)? {
    ModernBERT.named.first { _, other in
      other.vocabulary == vocabulary && other.hidden == hidden && other.layers == layers
        && other.intermediate == intermediate && (heads == 1 || heads == other.heads)
    }
  }
}
