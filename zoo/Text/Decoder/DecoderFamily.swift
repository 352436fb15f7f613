import Formats
import JSON
import OrderedCollections
import Tensors

/// Llama and its kin: Mistral, SmolLM, TinyLlama, Qwen 2.5 and 3, Gemma 1 to 3.
public struct Decoder: ModelFamily {
  public let name = "Decoder"
  public init() {}

  public var dialects: [DialectSigns] {
    [
      DialectSigns(
        .huggingFace, anchor: "layers.0.self_attn.q_proj.weight", basePrefix: "model."),
      DialectSigns(.huggingFace, anchor: "transformer.layers.0.self_attn.q_proj.weight"),
      DialectSigns(.gguf, anchor: "blk.0.attn_q.weight"),
      DialectSigns(.meta, anchor: "layers.0.attention.wq.weight"),
      DialectSigns(.kerasHub, anchor: "transformer_layer_0.self_attention.query.kernel"),
      DialectSigns(.kerasHub, anchor: "decoder_block_0.attention.query.kernel"),
    ]
      + ["llama", "mistral", "qwen", "qwen3"].map {
        DialectSigns(
          .kerasHubObjects,
          anchor: "layers.\($0)_transformer_decoder._self_attention_layer._query_dense.vars.0")
      }
      + ["gemma", "gemma3"].map {
        DialectSigns(
          .kerasHubObjects, anchor: "layers.\($0)_decoder_block.attention.query_dense.vars.0")
      }
  }

  public var variants: [ModelVariant] {
    Self.named.map { ModelVariant($0.0, $0.1) }
  }

  public func configuration(
    of shapes: NamedShapes, in dialect: Dialect, sidecars: Sidecars
  ) -> (any ModelConfiguration)? {
    let config = sidecars.textConfiguration ?? (dialect == .meta ? sidecars.metaParameters : nil)
    if dialect.isKerasHub { return DecoderConfiguration(kerasHub: shapes, dialect, config) }
    // The map's steps keep shapes, so that the numbers of heads do not matter yet
    let hasOutputNorms = shapes["blk.0.post_ffw_norm.weight"] != nil
    let isAnswering = shapes["transformer.layers.0.self_attn.q_proj.weight"] != nil
    let map = DecoderConfiguration.nameMap(
      for: dialect, hasOutputNorms ? .gemma2 : .llama, queryHeads: 1, keyValueHeads: 1,
      isTied: false, base: isAnswering ? "transformer" : "model")
    guard let map else { return nil }
    return DecoderConfiguration(canonical: shapes.mapped(by: map), config: config)
  }
}

extension DecoderConfiguration {
  /// What shapes of weights under canonical names show, and a `config.json` of transformers says; nil when they are none of these.
  ///
  /// What the file says of sizes counts: tensors that contradict it are told as such.
  ///
  /// - Parameters:
  ///   - kind: what it is where no file says it, and names elsewhere do.
  ///   - shownHeadDimension: where shapes elsewhere show it.
  init?(
    canonical shapes: NamedShapes, config: JSONValue?, kind shownKind: Kind? = nil,
    headDimension shownHeadDimension: Int? = nil
  ) {
    guard let table = shapes["model.embed_tokens.weight"], table.rank == 2,
      let query = shapes.layer("self_attn.q_proj.weight"), query.rank == 2,
      let key = shapes.layer("self_attn.k_proj.weight"), key.rank == 2,
      let up = shapes.layer("mlp.up_proj.weight"), up.rank == 2,
      let kind = config == nil && shownKind != nil ? shownKind : Kind(shapes, config: config)
    else { return nil }
    let blocks = shapes.numbers(in: "model.layers.{i}.*", "i", "i").count
    let seen = ShapesSeen(
      vocabulary: table[0], hiddenSize: table[1], intermediateSize: up[0], layers: blocks,
      queries: query[0], keys: key[0])
    let known = config == nil ? Decoder.named.first { seen.fit($0.1, kind) }?.1 : nil
    func size(_ key: String, _ shown: Int) -> Int { config?[key]?.integer ?? shown }
    var assumptions: [String] = []
    let headDimension: Int
    if let said = config?["head_dim"]?.integer {
      headDimension = said
    } else if let shownHeadDimension {
      headDimension = shownHeadDimension
    } else if let norm = shapes.layer("self_attn.q_norm.weight"), norm.rank == 1 {
      headDimension = norm[0]
    } else if let heads = config?["num_attention_heads"]?.integer, heads > 0 {
      headDimension = kind.isGemma ? 256 : size("hidden_size", seen.hiddenSize) / heads
    } else if let known {
      headDimension = known.headDimension
    } else {
      headDimension = seen.usualHeadDimension
      assumptions.append("heads of \(headDimension) are assumed: no config.json says it")
    }
    guard (1...(1 << 20)).contains(headDimension) else { return nil }
    self.init(
      kind, vocabulary: size("vocab_size", seen.vocabulary),
      hiddenSize: size("hidden_size", seen.hiddenSize),
      intermediateSize: size("intermediate_size", seen.intermediateSize),
      layers: size("num_hidden_layers", seen.layers),
      queryHeads: size("num_attention_heads", seen.queries / headDimension),
      keyValueHeads: size("num_key_value_heads", seen.keys / headDimension),
      headDimension: headDimension,
      contextLength: size("max_position_embeddings", known?.contextLength ?? 4096))
    hasQueryBiases = shapes.layer("self_attn.q_proj.bias") != nil
    hasOutputBias = shapes.layer("self_attn.o_proj.bias") != nil
    hasFeedForwardBiases = shapes.layer("mlp.up_proj.bias") != nil
    let hasOwnHead = shapes["lm_head.weight"] != nil
    isTied = config?["tie_word_embeddings"]?.bool ?? (kind.isGemma || !hasOwnHead)
    head = DecoderHead(canonical: shapes, config: config, isTied: isTied)
    if let config {
      guard adopt(config) else { return nil }
    } else if let known {
      let seen = self
      self = known
      (isTied, head) = (seen.isTied, seen.head)
    } else {
      assumptions.append(
        "rotary angles of \(Int(kind.usualTheta)) and an epsilon of 1e-06 are assumed: "
          + "no config.json says them")
      rotary = Rotary(theta: kind.usualTheta)
      if [.mistral, .gemma2, .gemma3].contains(kind) {
        assumptions.append("no layer has a window, as far as is known: no config.json says it")
      }
    }
    self.assumptions = assumptions
  }
}

extension DecoderConfiguration.Kind {
  /// As `model_type` says; by names where no file does. Nil for another architecture with such names.
  init?(_ shapes: NamedShapes, config: JSONValue?) {
    if let type = config?["model_type"]?.string {
      switch type {
      // Names of the same function
      case "gemma3_text": self = .gemma3
      case "smollm", "smollm2", "tinyllama": self = .llama
      default:
        guard let kind = Self(rawValue: type) else { return nil }
        self = kind
      }
      return
    }
    let hasHeadNorms = shapes.layer("self_attn.q_norm.weight") != nil
    if shapes.layer("pre_feedforward_layernorm.weight") != nil {
      self = hasHeadNorms ? .gemma3 : .gemma2
    } else if hasHeadNorms {
      self = .qwen3
    } else {
      self = shapes.layer("self_attn.q_proj.bias") != nil ? .qwen2 : .llama
    }
  }

  /// The base of rotary angles where nothing says it.
  var usualTheta: Double { self == .qwen3 || self == .qwen2 || self == .gemma3 ? 1e6 : 1e4 }
}

/// The sizes that names and shapes show.
private struct ShapesSeen {
  var vocabulary: Int, hiddenSize: Int, intermediateSize: Int, layers: Int
  var queries: Int, keys: Int

  func fit(_ other: DecoderConfiguration, _ kind: DecoderConfiguration.Kind) -> Bool {
    // Llama's and Mistral's names are the same
    let kinds = other.kind == kind || other.kind == .mistral && kind == .llama
    return kinds && vocabulary == other.vocabulary && hiddenSize == other.hiddenSize
      && intermediateSize == other.intermediateSize && layers == other.layers
      && queries == other.queryHeads * other.headDimension
      && keys == other.keyValueHeads * other.headDimension
  }

  /// 128 for the large, 64 for the small, as most have it.
  var usualHeadDimension: Int {
    let sizes = hiddenSize >= 2048 ? [128, 64, 32] : [64, 32, 16, 8]
    return sizes.first { queries % $0 == 0 && keys % $0 == 0 } ?? max(keys, 1)
  }
}

extension NamedShapes {
  /// The shape of that part of the first layer that has it.
  fileprivate func layer(_ part: String) -> Shape? {
    first { $0.hasPrefix("model.layers.") && $0.hasSuffix(".\(part)") }
  }
}
