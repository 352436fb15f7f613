import JSON
import OrderedCollections

/// An architecture as llama.cpp and transformers call it and its sizes: a table that is read both ways.
///
/// - Source: the keys of the `gguf` package and what llama.cpp's converter writes; transformers' configuration classes.
struct GGUFArchitecture: Sendable {
  /// `general.architecture`, with which the keys of sizes begin.
  let name: String
  /// The `model_type`s of `config.json` that are written so; the first is what it is read as.
  let modelTypes: [String]
  /// The class that transformers opens it with.
  let className: String
  let hyperparameters: [GGUFHyperparameter]
  /// What `config.json` says and no file of llama.cpp does, because all of the architecture's models have it.
  var constants: [(name: String, value: JSONValue)] = []

  static let all: [GGUFArchitecture] = [
    GGUFArchitecture(
      name: "llama", modelTypes: ["llama", "mistral", "smollm", "smollm2"],
      className: "LlamaForCausalLM", hyperparameters: decoder,
      constants: [("hidden_act", "silu")]),
    GGUFArchitecture(
      name: "qwen2", modelTypes: ["qwen2"], className: "Qwen2ForCausalLM",
      hyperparameters: decoder, constants: [("hidden_act", "silu")]),
    GGUFArchitecture(
      name: "qwen3", modelTypes: ["qwen3"], className: "Qwen3ForCausalLM",
      hyperparameters: decoder + heads, constants: [("hidden_act", "silu")]),
    GGUFArchitecture(
      name: "gemma", modelTypes: ["gemma"], className: "GemmaForCausalLM",
      hyperparameters: decoder + heads, constants: gelu),
    GGUFArchitecture(
      name: "gemma2", modelTypes: ["gemma2"], className: "Gemma2ForCausalLM",
      hyperparameters: decoder + heads + [
        .number("attn_logit_softcapping", "attn_logit_softcapping"),
        .number("final_logit_softcapping", "final_logit_softcapping"),
        .count("attention.sliding_window", "sliding_window"),
      ], constants: gelu),
    GGUFArchitecture(
      name: "gemma3", modelTypes: ["gemma3_text", "gemma3"], className: "Gemma3ForCausalLM",
      hyperparameters: decoder + heads + [
        .count("attention.sliding_window", "sliding_window"),
        .number("rope.freq_base_swa", "rope_local_base_freq"),
      ], constants: gelu),
    GGUFArchitecture(
      name: "gpt2", modelTypes: ["gpt2"], className: "GPT2LMHeadModel",
      hyperparameters: [
        .count("context_length", "n_positions"), .count("embedding_length", "n_embd"),
        .count("block_count", "n_layer"), .count("feed_forward_length", "n_inner"),
        .count("attention.head_count", "n_head"),
        .number("attention.layer_norm_epsilon", "layer_norm_epsilon"),
      ], constants: [("activation_function", "gelu_new")]),
    GGUFArchitecture(
      name: "bert",
      modelTypes: ["bert", "roberta", "xlm-roberta", "camembert", "distilbert"],
      className: "BertModel",
      hyperparameters: [
        .count("context_length", "max_position_embeddings"),
        .count("embedding_length", "hidden_size"), .count("block_count", "num_hidden_layers"),
        .count("feed_forward_length", "intermediate_size"),
        .count("attention.head_count", "num_attention_heads"),
        .number("attention.layer_norm_epsilon", "layer_norm_eps"),
      ], constants: [("hidden_act", "gelu"), ("position_embedding_type", "absolute")]),
    GGUFArchitecture(
      name: "nomic-bert", modelTypes: ["nomic_bert"], className: "NomicBertModel",
      hyperparameters: [
        .count("context_length", "max_position_embeddings"),
        .count("embedding_length", "hidden_size"), .count("block_count", "num_hidden_layers"),
        .count("feed_forward_length", "intermediate_size"),
        .count("attention.head_count", "num_attention_heads"),
        .number("attention.layer_norm_epsilon", "layer_norm_eps"),
        .number("rope.freq_base", "rope_theta"),
      ], constants: [("hidden_act", "silu")]),
    GGUFArchitecture(
      name: "modern-bert", modelTypes: ["modernbert"], className: "ModernBertModel",
      hyperparameters: [
        .count("vocab_size", "vocab_size"),
        .count("context_length", "max_position_embeddings"),
        .count("embedding_length", "hidden_size"), .count("block_count", "num_hidden_layers"),
        .count("feed_forward_length", "intermediate_size"),
        .count("attention.head_count", "num_attention_heads"),
        .number("attention.layer_norm_epsilon", "norm_eps"),
        .count("attention.sliding_window", "local_attention"),
        .number("rope.freq_base", "global_rope_theta"),
        .number("rope.freq_base_swa", "local_rope_theta"),
      ],
      constants: [
        ("norm_bias", false), ("attention_bias", false), ("mlp_bias", false),
        ("classifier_bias", false), ("classifier_activation", "gelu"),
      ]),
    GGUFArchitecture(
      name: "t5", modelTypes: ["t5"], className: "T5ForConditionalGeneration",
      hyperparameters: t5 + [
        .count("decoder_block_count", "num_decoder_layers"),
        .count("decoder_start_token_id", "decoder_start_token_id"),
      ], constants: [("is_encoder_decoder", true)]),
    GGUFArchitecture(
      name: "t5encoder", modelTypes: ["t5"], className: "T5EncoderModel", hyperparameters: t5,
      constants: [("is_encoder_decoder", false)]),
  ]

  static func named(_ name: String) -> GGUFArchitecture? { all.first { $0.name == name } }

  /// That of a configuration: by its `model_type`, and where there are several by its class.
  static func of(_ config: JSONValue) -> GGUFArchitecture? {
    guard let type = config["model_type"]?.string else { return nil }
    let known = all.filter { $0.modelTypes.contains(type) }
    let name = config["architectures"]?[0]?.string
    return known.count > 1 ? known.first { $0.className == name } ?? known[0] : known.first
  }

  private static let decoder: [GGUFHyperparameter] = [
    .count("vocab_size", "vocab_size"), .count("context_length", "max_position_embeddings"),
    .count("embedding_length", "hidden_size"), .count("block_count", "num_hidden_layers"),
    .count("feed_forward_length", "intermediate_size"),
    .count("attention.head_count", "num_attention_heads"),
    .count("attention.head_count_kv", "num_key_value_heads"),
    .number("rope.freq_base", "rope_theta"),
    .number("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
  ]
  private static let heads: [GGUFHyperparameter] = [
    .count("attention.key_length", "head_dim"), .count("attention.value_length", "head_dim"),
  ]
  private static let t5: [GGUFHyperparameter] = [
    .count("context_length", "n_positions"), .count("embedding_length", "d_model"),
    .count("block_count", "num_layers"), .count("feed_forward_length", "d_ff"),
    .count("attention.head_count", "num_heads"), .count("attention.key_length", "d_kv"),
    .count("attention.value_length", "d_kv"),
    .number("attention.layer_norm_epsilon", "layer_norm_epsilon"),
    .number("attention.layer_norm_rms_epsilon", "layer_norm_epsilon"),
    .count("attention.relative_buckets_count", "relative_attention_num_buckets"),
  ]
  private static let gelu: [(name: String, value: JSONValue)] = [
    ("hidden_act", "gelu_pytorch_tanh"), ("hidden_activation", "gelu_pytorch_tanh"),
  ]
}

/// A size of an architecture: its key behind `<architecture>.`, its name in `config.json`, its type.
struct GGUFHyperparameter: Sendable {
  let key: String
  let name: String
  let isWhole: Bool

  /// A whole number, kept as uint32.
  static func count(_ key: String, _ name: String) -> GGUFHyperparameter {
    GGUFHyperparameter(key: key, name: name, isWhole: true)
  }

  /// A number, kept as float32.
  static func number(_ key: String, _ name: String) -> GGUFHyperparameter {
    GGUFHyperparameter(key: key, name: name, isWhole: false)
  }
}
