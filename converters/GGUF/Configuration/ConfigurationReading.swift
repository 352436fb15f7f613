import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// `config.json` as transformers would have it, from the keys of a GGUF file and what its tensors show.
struct ConfigurationReading {
  let metadata: GGUFMetadata
  private let tensors: [TensorEntry]
  let shapes: [String: Shape]

  init(_ metadata: GGUFMetadata, _ tensors: [TensorEntry]) {
    self.metadata = metadata
    self.tensors = tensors
    shapes = Dictionary(
      tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
  }

  /// Nil for an architecture that the table does not have.
  var configuration: JSONValue? {
    guard let architecture = metadata.architecture.flatMap(GGUFArchitecture.named) else {
      return nil
    }
    var config: OrderedDictionary<String, JSONValue> = [
      "architectures": [.string(architecture.className)],
      "model_type": .string(architecture.modelTypes[0]),
    ]
    for parameter in architecture.hyperparameters where config[parameter.name] == nil {
      guard let value = metadata.hyperparameter(parameter.key) else { continue }
      config[parameter.name] =
        parameter.isWhole ? whole(value).map { .integer($0) } : value.double.map { .number($0) }
    }
    for (name, value) in architecture.constants { config[name] = value }
    config["vocab_size"] = config["vocab_size"] ?? vocabularySize
    if !["bert", "modern-bert", "nomic-bert"].contains(architecture.name) {
      config["tie_word_embeddings"] = .bool(shapes["output.weight"] == nil)
    }
    if config["rms_norm_eps"] != nil { completeDecoder(&config, architecture) }
    complete(&config, architecture)
    completeWindows(&config, architecture)
    for (key, name) in ConfigurationReading.tokens {
      if let id = metadata["tokenizer.ggml.\(key)_token_id"]?.integer {
        config[name] = .integer(id)
      }
    }
    config["torch_dtype"] = .string(storedType)
    return .object(config)
  }

  /// Special tokens: what GGUF calls them, and the configuration.
  static let tokens: [(key: String, name: String)] = [
    ("bos", "bos_token_id"), ("eos", "eos_token_id"), ("padding", "pad_token_id"),
  ]

  private func completeDecoder(
    _ config: inout OrderedDictionary<String, JSONValue>, _ architecture: GGUFArchitecture
  ) {
    config["num_key_value_heads"] = config["num_key_value_heads"] ?? config["num_attention_heads"]
    let length = metadata.hyperparameter("attention.key_length")?.integer
    let turned = metadata.hyperparameter("rope.dimension_count")?.integer
    if let dimension = length ?? (architecture.name == "llama" ? turned : nil) {
      config["head_dim"] = .integer(dimension)
    }
    if let scaling = scaling(theta: config["rope_theta"]?.double ?? 10_000) {
      config["rope_scaling"] = scaling
    }
  }

  /// What only some architectures have.
  private func complete(
    _ config: inout OrderedDictionary<String, JSONValue>, _ architecture: GGUFArchitecture
  ) {
    switch architecture.name {
    case "llama":
      config["attention_bias"] = .bool(shapes["blk.0.attn_q.bias"] != nil)
      config["mlp_bias"] = .bool(shapes["blk.0.ffn_up.bias"] != nil)
    case "gemma2":
      completeScores(&config, largest: 46)
      config["attn_logit_softcapping"] = config["attn_logit_softcapping"] ?? 50.0
      config["final_logit_softcapping"] = config["final_logit_softcapping"] ?? 30.0
    case "gemma3":
      completeScores(&config, largest: 62)
      config["rope_local_base_freq"] = config["rope_local_base_freq"] ?? 10000.0
      config["final_logit_softcapping"] =
        metadata.hyperparameter("final_logit_softcapping")?.double.map { .number($0) }
    case "bert": completeBERT(&config)
    case "modern-bert": completeModernBERT(&config)
    case "nomic-bert":
      config["type_vocab_size"] = .integer(shapes["token_types.weight"]?.first ?? 0)
      config["rope_parameters"] = [
        "rope_theta": config.removeValue(forKey: "rope_theta") ?? 1000.0, "rope_type": "default",
      ]
    case "t5", "t5encoder":
      config["relative_attention_max_distance"] = 128
      let isGated = shapes["enc.blk.0.ffn_gate.weight"] != nil
      config["feed_forward_proj"] = isGated ? "gated-gelu" : "relu"
      guard architecture.name == "t5" else { return }
      config["num_decoder_layers"] = config["num_decoder_layers"] ?? config["num_layers"]
    default: break
    }
  }

  /// Only the largest of each Gemma has another scale of the scores than the size of its heads says.
  private func completeScores(
    _ config: inout OrderedDictionary<String, JSONValue>, largest layers: Int
  ) {
    guard config["num_hidden_layers"]?.integer == layers,
      let width = config["hidden_size"]?.integer,
      let heads = config["num_attention_heads"]?.integer, heads > 0
    else {
      config["query_pre_attn_scalar"] = config["head_dim"]
      return
    }
    config["query_pre_attn_scalar"] = .integer(width / heads)
  }

  /// A whole number, also when it is said for each layer and all say the same.
  private func whole(_ value: GGUFValue) -> Int? {
    if value.type != .array { return value.integer }
    guard let values = try? value.integers(), let first = values.first,
      values.allSatisfy({ $0 == first })
    else { return nil }
    return first
  }

  private var vocabularySize: JSONValue? {
    let rows = shapes["token_embd.weight"]?.first ?? metadata["tokenizer.ggml.tokens"]?.count
    return rows.map { .integer($0) }
  }

  /// The type that most of the matrices' numbers have; blocks are widened to float32.
  private var storedType: String {
    var counts: [DataType: Int] = [:]
    for tensor in tensors where tensor.shape.rank > 1 {
      counts[tensor.dataType, default: 0] += tensor.shape.elementCount
    }
    let most = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
    return most == .float16 || most == .bfloat16 ? most?.rawValue ?? "float32" : "float32"
  }

  private func scaling(theta: Double) -> JSONValue? {
    if let factors = tensors.first(where: { $0.name == RotaryFactors.name }) {
      return RotaryFactors.scaling(of: factors, theta: theta)
    }
    guard let type = metadata.hyperparameter("rope.scaling.type")?.string, type != "none" else {
      return nil
    }
    var scaling: OrderedDictionary<String, JSONValue> = ["rope_type": .string(type)]
    for (key, name) in ConfigurationReading.scalings {
      if let value = metadata.hyperparameter("rope.scaling.\(key)")?.json { scaling[name] = value }
    }
    if let times = metadata.hyperparameter("rope.scaling.attn_factor")?.double,
      let factor = scaling["factor"]?.double
    {
      scaling["attention_factor"] = .number(times * YaRN.usualAttention(factor: factor))
    }
    return .object(scaling)
  }

  /// Keys of a rotary scaling, in GGUF and in `rope_scaling`.
  static let scalings: [(key: String, name: String)] = [
    ("factor", "factor"), ("original_context_length", "original_max_position_embeddings"),
    ("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow"),
  ]
}
