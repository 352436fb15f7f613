import Formats
import JSON
import OrderedCollections
import Tensors

/// Nomic's embedders of texts.
public struct NomicBERT: ModelFamily {
  public let name = "Nomic BERT"
  public init() {}

  public var variants: [ModelVariant] {
    Self.named.map { ModelVariant($0.name, $0.configuration) }
  }

  static let named: [(name: String, configuration: NomicBERTConfiguration)] = [
    ("Nomic Embed v1", .init(hidden: 768, layers: 12, heads: 12, intermediate: 3072))
  ]

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.huggingFace, anchor: "encoder.layers.0.attn.Wqkv.weight"),
      DialectSigns(.gguf, anchor: "blk.0.attn_output_norm.weight"),
    ]
  }

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let map =
      dialect == .gguf ? NomicBERTConfiguration.gguf : NomicBERTConfiguration.huggingFace
    return NomicBERTConfiguration(
      canonical: shapes.mapped(by: map), config: sidecars.textConfiguration)
  }
}

extension NomicBERTConfiguration: TransformersConfiguration {
  public var family: String { "Nomic BERT" }
  public var task: ModelTask { .textFeatures }

  public var variant: String {
    let known = NomicBERT.named.first { _, other in
      other.vocabulary == vocabulary && other.hidden == hidden && other.layers == layers
        && other.heads == heads && other.intermediate == intermediate
    }
    return known?.name ?? "Nomic BERT (\(layers) layers, \(hidden) wide)"
  }

  public func nameMap(for dialect: Dialect) -> NameMap? {
    switch dialect {
    case .huggingFace: Self.huggingFace
    case .gguf: Self.gguf
    default: nil
    }
  }

  static let huggingFace = NameMap([
    .rename("embeddings.*", "embeddings.*"), .rename("emb_ln.*", "emb_ln.*"),
    .rename("encoder.layers.*", "encoder.layers.*"),
  ])

  /// llama.cpp's.
  static let gguf = NameMap(
    [
      .rename("token_embd.weight", "embeddings.word_embeddings.weight"),
      .rename("token_types.weight", "embeddings.token_type_embeddings.weight"),
      .rename("token_embd_norm.*", "emb_ln.*"),
    ]
      + [
        ("attn_qkv", "attn.Wqkv"), ("attn_output", "attn.out_proj"),
        ("attn_output_norm", "norm1"), ("ffn_up", "mlp.fc11"), ("ffn_gate", "mlp.fc12"),
        ("ffn_down", "mlp.fc2"), ("layer_output_norm", "norm2"),
      ].map {
        .rename(NamePattern("blk.{i}.\($0.0).*"), NamePattern("encoder.layers.{i}.\($0.1).*"))
      })

  /// The configuration as transformers has it.
  public var huggingFaceConfiguration: JSONValue {
    [
      "architectures": ["NomicBertModel"],
      "model_type": "nomic_bert",
      "vocab_size": .integer(vocabulary),
      "hidden_size": .integer(hidden),
      "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads),
      "intermediate_size": .integer(intermediate),
      "hidden_act": .string(activation.rawValue),
      "max_position_embeddings": .integer(positions),
      "type_vocab_size": .integer(types),
      "layer_norm_eps": .number(epsilon),
      "rope_parameters": ["rope_theta": .number(rotary.theta), "rope_type": "default"],
    ]
  }

  /// What weights under canonical names, and a configuration beside them, show; nil when they are none of these.
  ///
  /// The authors' own files have GPT-2's words for sizes.
  init?(canonical shapes: NamedShapes, config: JSONValue?) {
    let first = "encoder.layers.0"
    guard config?["model_type"]?.string ?? "nomic_bert" == "nomic_bert",
      let words = shapes["embeddings.word_embeddings.weight"], words.rank == 2,
      let fused = shapes["\(first).attn.Wqkv.weight"], fused.rank == 2,
      let gate = shapes["\(first).mlp.fc12.weight"], gate.rank == 2
    else { return nil }
    func said(_ keys: String...) -> JSONValue? {
      keys.lazy.compactMap { config?[$0] }.first { !$0.isNull }
    }
    let layers = shapes.numbers(in: "encoder.layers.{i}.*", "i", "i").count
    let heads = said("num_attention_heads", "n_head")?.integer
    self.init(
      vocabulary: words[0], hidden: words[1],
      layers: said("num_hidden_layers", "n_layer")?.integer ?? layers,
      // All published ones have heads of 64
      heads: heads ?? max(words[1] / 64, 1), intermediate: gate[0])
    types = shapes["embeddings.token_type_embeddings.weight"]?.first ?? 0
    guard config != nil, heads != nil else {
      assumptions = [
        "heads of 64, rotary angles of 1000 and an epsilon of 1e-12 are assumed: "
          + "no config.json says them"
      ]
      return
    }
    positions = said("max_position_embeddings", "n_positions")?.integer ?? positions
    epsilon = said("layer_norm_eps", "layer_norm_epsilon")?.double ?? epsilon
    let theta = said("rotary_emb_base")?.double ?? 1000
    let name = said("hidden_act", "activation_function")?.string ?? "silu"
    guard positions > 0, epsilon > 0, let rotary = Rotary(config: config, theta: theta),
      rotary.scaling == .none,
      let activation = Activation(transformers: name == "swiglu" ? "silu" : name),
      said("rotary_emb_fraction")?.double ?? 1 == 1, said("prenorm")?.bool != true,
      said("rotary_emb_interleaved")?.bool != true,
      said("head_dim")?.integer.map({ $0 == hidden / max(self.heads, 1) }) ?? true
    else { return nil }
    self.rotary = rotary
    self.activation = activation
  }
}
