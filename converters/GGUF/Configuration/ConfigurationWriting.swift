import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// The keys of a GGUF file from transformers' `config.json`.
struct ConfigurationWriting {
  let config: JSONValue
  let architecture: GGUFArchitecture
  /// As `model_type` says.
  let type: String

  /// Nil for a model that llama.cpp has no such keys for.
  init?(_ config: JSONValue?) {
    // A model of pictures and text has the text's configuration inside
    guard let whole = config else { return nil }
    let inner = whole["text_config"].flatMap { $0["model_type"] == nil ? nil : $0 }
    let config = inner ?? whole
    guard let type = config["model_type"]?.string,
      let architecture = GGUFArchitecture.of(config)
    else { return nil }
    self.config = config
    self.architecture = architecture
    self.type = type
  }

  /// - Parameter shapes: those of the tensors that are written, by their names there.
  func write(to metadata: inout GGUFMetadata, shapes: [String: Shape] = [:]) {
    for parameter in architecture.hyperparameters {
      guard let value = value(of: parameter) else { continue }
      if !parameter.isWhole {
        metadata[key(parameter.key)] = value.double.map { .float32(Float($0)) }
      } else if let whole = value.integer.flatMap(UInt32.init(exactly:)) {
        metadata[key(parameter.key)] = .uint32(whole)
      }
    }
    let dimension = HeadDimension.of(config).flatMap(UInt32.init(exactly:))
    if let dimension, architecture.hyperparameters.contains(where: { $0.name == "rms_norm_eps" }) {
      metadata[key("rope.dimension_count")] = .uint32(dimension)
      if config["head_dim"]?.integer != nil {
        metadata[key("attention.key_length")] = .uint32(dimension)
        metadata[key("attention.value_length")] = .uint32(dimension)
      }
      writeScaling(to: &metadata)
    }
    switch architecture.name {
    case "bert", "nomic-bert": writeBERT(to: &metadata)
    case "modern-bert": writeModernBERT(to: &metadata)
    case "gemma3":
      let local = config["rope_parameters"]?["sliding_attention"]?["rope_theta"]?.double
      if let local { metadata[key("rope.freq_base_swa")] = .float32(Float(local)) }
      if let cap = config["final_logit_softcapping"]?.double, cap > 0 {
        metadata[key("final_logit_softcapping")] = .float32(Float(cap))
      }
    default: break
    }
    writeClasses(to: &metadata, count: shapes["cls.output.weight"]?.first)
    writeWindows(to: &metadata)
  }

  func key(_ name: String) -> String { "\(architecture.name).\(name)" }

  /// Also under the names that newer and older versions of transformers have for it.
  private func value(of parameter: GGUFHyperparameter) -> JSONValue? {
    if let value = config[parameter.name], !value.isNull { return value }
    let parameters = config["rope_parameters"]
    switch parameter.name {
    case "rope_theta":
      return parameters?["rope_theta"] ?? parameters?["full_attention"]?["rope_theta"]
    case "num_key_value_heads": return config["num_attention_heads"]
    // T5 has no longest text, but llama.cpp wants one
    case "n_positions": return config["n_ctx"] ?? (type == "t5" ? 512 : nil)
    case "layer_norm_eps" where type == "distilbert": return 1e-12
    case "local_rope_theta":
      return parameters?["sliding_attention"]?["rope_theta"] ?? 10000.0
    case "global_rope_theta":
      return parameters?["full_attention"]?["rope_theta"] ?? 160000.0
    case "norm_eps": return 1e-05
    case "local_attention": return 128
    case "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size":
      guard type == "distilbert" else { return nil }
      return ModelTypes.distilBERT.first { $0.usual == parameter.name }.flatMap {
        config[$0.theirs]
      }
    case "n_inner":
      return config["n_embd"]?.integer.flatMap {
        (1..<1 << 29).contains($0) ? .integer(4 * $0) : nil
      }
    default: return nil
    }
  }

  private func writeScaling(to metadata: inout GGUFMetadata) {
    let parameters = config["rope_parameters"]
    guard let scaling = parameters?["full_attention"] ?? parameters ?? config["rope_scaling"],
      let type = (scaling["rope_type"] ?? scaling["type"])?.string,
      type == "linear" || type == "yarn"
    else { return }
    metadata[key("rope.scaling.type")] = .string(type)
    for (name, theirs) in ConfigurationReading.scalings {
      guard let value = scaling[theirs]?.double else { continue }
      metadata[key("rope.scaling.\(name)")] =
        name == "original_context_length"
        ? UInt32(exactly: value).map { .uint32($0) } : .float32(Float(value))
    }
    guard type == "yarn", let factor = scaling["factor"]?.double, factor > 0,
      let attention = scaling["attention_factor"]?.double
    else { return }
    let times = Float(attention / YaRN.usualAttention(factor: factor))
    if abs(times - 1) > 1e-6 { metadata[key("rope.scaling.attn_factor")] = .float32(times) }
  }
}
