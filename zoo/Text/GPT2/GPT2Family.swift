import Formats
import JSON
import OrderedCollections
import Tensors

/// GPT-2 and its distillates.
public struct GPT2: ModelFamily {
  public let name = "GPT-2"
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(.huggingFace, anchor: "h.0.attn.c_attn.weight", basePrefix: "transformer."),
      DialectSigns(.gguf, anchor: "blk.0.attn_qkv.weight"),
      DialectSigns(
        .kerasHubObjects,
        anchor: "layers.transformer_decoder._self_attention_layer.query_dense.vars.0"),
    ]
  }

  public var variants: [ModelVariant] {
    Self.named.map { ModelVariant($0.0, $0.1) }
  }

  static let named: [(String, GPT2Configuration)] = [
    ("DistilGPT-2", GPT2Configuration(layers: 6)),
    ("GPT-2", GPT2Configuration()),
    ("GPT-2 Medium", GPT2Configuration(hiddenSize: 1024, layers: 24, heads: 16)),
    ("GPT-2 Large", GPT2Configuration(hiddenSize: 1280, layers: 36, heads: 20)),
    ("GPT-2 XL", GPT2Configuration(hiddenSize: 1600, layers: 48, heads: 25)),
  ]

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    if dialect == .kerasHubObjects {
      let sizes = HeadSizes(shapes)
      guard let map = GPT2Configuration.kerasHubTable(sizes).map(for: dialect) else { return nil }
      return GPT2Configuration(
        canonical: shapes.mapped(by: map, isChanged: true), config: sidecars.textConfiguration,
        isTransposed: false, heads: sizes.heads)
    }
    guard let map = GPT2Configuration.nameMap(for: dialect, isTied: false) else { return nil }
    return GPT2Configuration(
      canonical: shapes.mapped(by: map), config: sidecars.textConfiguration,
      isTransposed: dialect == .huggingFace)
  }
}

extension GPT2Configuration {
  /// What shapes of weights under canonical names show, and a `config.json` of transformers says; nil when they are none of these.
  ///
  /// - Parameters:
  ///   - isTransposed: whether the shapes of linear layers are still `[in, out]`.
  ///   - shownHeads: their number, where shapes elsewhere show it.
  init?(
    canonical shapes: NamedShapes, config: JSONValue?, isTransposed: Bool,
    heads shownHeads: Int? = nil
  ) {
    guard config?["model_type"]?.string ?? "gpt2" == "gpt2",
      let words = shapes["transformer.wte.weight"], words.rank == 2,
      let places = shapes["transformer.wpe.weight"], places.rank == 2,
      let inner = shapes.first(where: { $0.hasSuffix(".mlp.c_fc.weight") }), inner.rank == 2
    else { return nil }
    let layers = shapes.numbers(in: "transformer.h.{i}.*", "i", "i").count
    func size(_ key: String, _ shown: Int) -> Int { config?[key]?.integer ?? shown }
    let width = size("n_embd", words[1])
    let said = config?["n_head"]?.integer ?? shownHeads
    // All published ones have heads of 64
    let heads = said ?? max(width / 64, 1)
    self.init(
      vocabulary: size("vocab_size", words[0]), contextLength: size("n_positions", places[0]),
      hiddenSize: width, intermediateSize: size("n_inner", inner[isTransposed ? 1 : 0]),
      layers: size("n_layer", layers), heads: heads)
    if said == nil { assumptions = ["heads of 64 are assumed: no config.json says it"] }
    isTied = config?["tie_word_embeddings"]?.bool ?? true
    head = DecoderHead(canonical: shapes, config: config, isTied: isTied)
    guard let config else { return }
    epsilon = config["layer_norm_epsilon"]?.double ?? epsilon
    guard epsilon > 0,
      let activation = Activation(
        transformers: config["activation_function"]?.string ?? "gelu_new"),
      config["scale_attn_weights"]?.bool ?? true,
      config["scale_attn_by_inverse_layer_idx"]?.bool != true,
      config["add_cross_attention"]?.bool != true
    else { return nil }
    self.activation = activation
  }
}
