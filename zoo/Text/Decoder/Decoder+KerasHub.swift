import Formats
import JSON
import OrderedCollections
import Tensors

/// KerasHub's decoders: Llama, Mistral and Qwen by one plan, Gemma by another.
extension DecoderConfiguration {
  static func kerasHubTable(_ kind: Kind, _ sizes: HeadSizes) -> KerasHubTable {
    var table = KerasHubTable()
    table.add(
      KerasHubWeight(
        "reversible_embedding.vars.0", "token_embedding.weight", "model.embed_tokens.weight"),
      KerasHubWeight(
        "reversible_embedding.vars.1", "token_embedding.reverse_embeddings", "lm_head.weight",
        KerasHubWeight.turn))
    let layer = kind.isGemma ? gemmaLayer(kind, sizes) : plainLayer(sizes)
    table.addLayers(
      objects: kerasHubObject(kind),
      names: kind.isGemma ? "decoder_block_{i}" : "transformer_layer_{i}",
      ours: "model.layers.{i}", layer)
    let norm = kind.isGemma ? "final_normalization" : "sequence_output_layernorm"
    let object =
      switch kind {
      case .llama: "llama_layer_norm"
      case .mistral: "mistral_layer_normalization"
      case .qwen2: "qwen_layer_norm"
      case .qwen3: "qwen3_layer_norm"
      case .gemma, .gemma2, .gemma3: "rms_normalization"
      }
    table.add(.scale(object, norm, "model.norm"))
    return table
  }

  /// How objects of a layer's class are called.
  static func kerasHubObject(_ kind: Kind) -> String {
    switch kind {
    case .llama: "llama_transformer_decoder"
    case .mistral: "mistral_transformer_decoder"
    case .qwen2: "qwen_transformer_decoder"
    case .qwen3: "qwen3_transformer_decoder"
    case .gemma, .gemma2: "gemma_decoder_block"
    case .gemma3: "gemma3_decoder_block"
    }
  }

  private static func plainLayer(_ sizes: HeadSizes) -> [KerasHubWeight] {
    let (object, name) = ("_self_attention_layer", "self_attention")
    var weights: [KerasHubWeight] = []
    for (part, short, kernel, bias) in [
      ("query", "q", sizes.inwards, sizes.flat), ("key", "k", sizes.keyInwards, sizes.keyFlat),
      ("value", "v", sizes.keyInwards, sizes.keyFlat),
    ] {
      weights += .heads(
        "\(object)._\(part)_dense", "\(name).\(part)", "self_attn.\(short)_proj", kernel,
        bias: bias)
      if part != "value" {
        weights += .scale(
          "\(object)._\(part)_dense_layer_norm", "\(name).\(part)_dense_layernorm",
          "self_attn.\(short)_norm")
      }
    }
    weights += .heads(
      "\(object)._output_dense", "\(name).attention_output", "self_attn.o_proj", sizes.outwards)
    weights += .scale("_self_attention_layernorm", "self_attention_layernorm", "input_layernorm")
    for (part, ours) in [("intermediate", "up"), ("gate", "gate"), ("output", "down")] {
      let dense = "feedforward_\(part)_dense"
      weights += .dense("_\(dense)", dense, "mlp.\(ours)_proj", hasBias: false)
    }
    return weights
      + .scale("_feedforward_layernorm", "feedforward_layernorm", "post_attention_layernorm")
  }

  /// Gemma's kernels have the heads first.
  private static func gemmaLayer(_ kind: Kind, _ sizes: HeadSizes) -> [KerasHubWeight] {
    func scale(_ name: String, _ ours: String) -> [KerasHubWeight] { .scale(name, name, ours) }
    func heads(_ part: String, _ short: String, _ count: Int) -> [KerasHubWeight] {
      .heads(
        "attention.\(part)_dense", "attention.\(part)", "self_attn.\(short)_proj",
        sizes.headsFirst(count))
    }
    let isTwice = kind.hasOutputNorms
    var weights = scale("pre_attention_norm", "input_layernorm")
    if isTwice { weights += scale("post_attention_norm", "post_attention_layernorm") }
    weights += heads("query", "q", sizes.heads)
    weights += heads("key", "k", sizes.keyValueHeads)
    weights += heads("value", "v", sizes.keyValueHeads)
    for (part, short) in [("query", "q"), ("key", "k")] {
      weights += scale("attention.\(part)_norm", "self_attn.\(short)_norm")
    }
    weights += .heads(
      "attention.output_dense", "attention.attention_output", "self_attn.o_proj", sizes.outwards)
    weights += scale(
      "pre_ffw_norm", isTwice ? "pre_feedforward_layernorm" : "post_attention_layernorm")
    if isTwice { weights += scale("post_ffw_norm", "post_feedforward_layernorm") }
    weights += .dense("gating_ffw", "ffw_gating", "mlp.gate_proj", hasBias: false)
    weights += .dense("gating_ffw_2", "ffw_gating_2", "mlp.up_proj", hasBias: false)
    return weights + .dense("ffw_linear", "ffw_linear", "mlp.down_proj", hasBias: false)
  }

  /// What weights under KerasHub's names or objects show.
  init?(kerasHub shapes: NamedShapes, _ dialect: Dialect, _ config: JSONValue?) {
    let said = config.flatMap { Kind(shapes, config: $0) }
    guard config == nil || said != nil, let kind = said ?? Self.kind(kerasHub: shapes, dialect)
    else { return nil }
    let sizes = HeadSizes(shapes, order: kind.isGemma ? [1, 0, 2] : [0, 1, 2])
    guard sizes.heads > 0, let map = Self.kerasHubTable(kind, sizes).map(for: dialect) else {
      return nil
    }
    self.init(
      canonical: shapes.mapped(by: map, isChanged: true), config: config, kind: kind,
      headDimension: sizes.size)
  }

  private static func kind(kerasHub shapes: NamedShapes, _ dialect: Dialect) -> Kind? {
    let hasOutputNorms = shapes.first { $0.contains("post_ffw_norm.") } != nil
    if dialect == .kerasHubObjects {
      return Kind.allCases.first { kind in
        shapes.first { $0.hasPrefix("layers.\(kerasHubObject(kind)).") } != nil
          && (kind != .gemma || !hasOutputNorms)
      }
    }
    if shapes.first(where: { $0.hasPrefix("decoder_block_0.") }) != nil {
      if shapes["decoder_block_0.attention.query_norm.scale"] != nil { return .gemma3 }
      return hasOutputNorms ? .gemma2 : .gemma
    }
    let attention = "transformer_layer_0.self_attention"
    if shapes["\(attention).query_dense_layernorm.scale"] != nil { return .qwen3 }
    // Llama's and Mistral's names are the same
    return shapes["\(attention).query.bias"] != nil ? .qwen2 : .llama
  }
}
