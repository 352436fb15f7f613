import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// What llama.cpp takes for granted of an architecture and has no key for: a model that is otherwise would be written, and
/// answer something else.
///
/// - Source: what llama.cpp's graphs compute for each architecture.
struct ImpliedFacts {
  private let writing: ConfigurationWriting
  private var config: JSONValue { writing.config }
  private var architecture: String { writing.architecture.name }
  /// A window that is smaller changes what is answered to texts of everyday length.
  static let smallestIgnoredWindow = 4096

  init(_ writing: ConfigurationWriting) { self.writing = writing }

  /// The first fact that has no key; nil when llama.cpp computes what the configuration says.
  var obstacle: DataError? {
    if let error = activation ?? scaling ?? window { return error }
    switch architecture {
    case "gemma2", "gemma3": return scores ?? caps
    case "t5", "t5encoder": return distance
    case "modern-bert": return biases
    default: return nil
    }
  }

  /// What differs beyond texts of everyday length.
  var remark: String? {
    guard let window = ignoredWindow, window >= Self.smallestIgnoredWindow else { return nil }
    return
      "llama.cpp has no window of \(window) tokens for '\(architecture)': it sees longer texts whole"
  }

  private func refuse(_ key: String, _ found: String, expected: String) -> DataError {
    DataError(
      .unsupported, "llama.cpp has no key for '\(key)' of \(found) in '\(architecture)'",
      expected: expected, subject: "config.json",
      remedy: "convert to another format: huggingface, safetensors or onnx")
  }

  private var activation: DataError? {
    let smooth = ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast"]
    func check(_ keys: [String], _ allowed: [String]) -> DataError? {
      guard let key = keys.first(where: { config[$0]?.string != nil }),
        let name = config[key]?.string, !allowed.contains(name)
      else { return nil }
      return refuse(key, name, expected: allowed.joined(separator: " or "))
    }
    switch architecture {
    case "llama", "qwen2", "qwen3", "nomic-bert":
      return check(["hidden_act"], ["silu", "swish"])
    case "gemma", "gemma2", "gemma3":
      return check(["hidden_activation", "hidden_act"], smooth)
    case "gpt2": return check(["activation_function"], smooth)
    case "bert": return check(["hidden_act", "activation"], smooth)
    case "modern-bert":
      return check(["hidden_activation"], smooth + ["silu"])
        ?? check(["classifier_activation"], smooth)
    case "t5", "t5encoder":
      return check(["feed_forward_proj"], ["relu", "gated-gelu", "gated-gelu_new"])
    default: return nil
    }
  }

  private var scaling: DataError? {
    let parameters = config["rope_parameters"]
    let own = parameters?["full_attention"] ?? parameters ?? config["rope_scaling"]
    guard let type = (own?["rope_type"] ?? own?["type"])?.string else { return nil }
    var known = ["default", "linear", "yarn", "dynamic"]
    if architecture == "llama" { known.append("llama3") }
    if architecture == "nomic-bert" { known = ["default"] }
    guard known.contains(type) else {
      return refuse("rope_type", type, expected: known.joined(separator: ", "))
    }
    return nil
  }

  /// The window of a model that llama.cpp knows none of; nil where there is none, or texts are not longer.
  private var ignoredWindow: Int? {
    switch writing.type {
    case "mistral": break
    case "qwen2", "qwen3":
      guard config["use_sliding_window"]?.bool == true else { return nil }
      let types = config["layer_types"]?.array
      guard types?.contains(where: { $0 == "sliding_attention" }) ?? true else { return nil }
    default: return nil
    }
    guard let window = config["sliding_window"]?.integer, window > 0 else { return nil }
    let longest = config["max_position_embeddings"]?.integer ?? .max
    return window < longest ? window : nil
  }

  private var window: DataError? {
    guard let window = ignoredWindow, window < Self.smallestIgnoredWindow else { return nil }
    return refuse(
      "sliding_window", "\(window)", expected: "none, or \(Self.smallestIgnoredWindow) or more")
  }

  /// Only the largest of each Gemma has another scale of the scores than the size of its heads.
  private var scores: DataError? {
    guard let scalar = config["query_pre_attn_scalar"]?.double,
      let dimension = HeadDimension.of(config)
    else { return nil }
    var usual = dimension
    if config["num_hidden_layers"]?.integer == (architecture == "gemma2" ? 46 : 62),
      let width = config["hidden_size"]?.integer,
      let heads = config["num_attention_heads"]?.integer, heads > 0
    {
      usual = width / heads
    }
    guard scalar != Double(usual) else { return nil }
    return refuse(
      "query_pre_attn_scalar", config["query_pre_attn_scalar"]?.text() ?? "",
      expected: "\(usual), a head's size")
  }

  /// Gemma 2 always bounds its scores and logits; Gemma 3 never bounds its scores.
  private var caps: DataError? {
    let keys = ["attn_logit_softcapping", "final_logit_softcapping"]
    if architecture == "gemma2" {
      guard let key = keys.first(where: { config[$0].map { ($0.double ?? 0) <= 0 } ?? false })
      else { return nil }
      return refuse(key, config[key]?.text() ?? "null", expected: "more than 0")
    }
    guard let cap = config[keys[0]]?.double, cap > 0 else { return nil }
    return refuse(keys[0], JSONValue.number(cap).text(), expected: "null")
  }

  private var distance: DataError? {
    let key = "relative_attention_max_distance"
    guard let said = config[key]?.integer, said != 128 else { return nil }
    return refuse(key, "\(said)", expected: "128")
  }

  private var biases: DataError? {
    for key in ["norm_bias", "attention_bias", "mlp_bias", "classifier_bias"]
    where config[key]?.bool == true {
      return refuse(key, "true", expected: "false")
    }
    return nil
  }
}
