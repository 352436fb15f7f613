import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// The keys of a GGUF file from transformers' `config.json`.
struct ConfigurationWriting {
  let config: JSONValue
  let architecture: GGUFArchitecture

  /// Nil for a model that llama.cpp has no such keys for.
  init?(_ config: JSONValue?) {
    guard let config, let type = config["model_type"]?.string,
      let architecture = GGUFArchitecture.ofModelType(type)
    else { return nil }
    self.config = config
    self.architecture = architecture
  }

  func write(to metadata: inout GGUFMetadata) {
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
    case "bert":
      metadata[key("attention.causal")] = .bool(false)
      if let types = config["type_vocab_size"]?.integer.flatMap(UInt32.init(exactly:)) {
        metadata["tokenizer.ggml.token_type_count"] = .uint32(types)
      }
    case "gemma3":
      let local = config["rope_parameters"]?["sliding_attention"]?["rope_theta"]?.double
      if let local { metadata[key("rope.freq_base_swa")] = .float32(Float(local)) }
    default: break
    }
  }

  private func key(_ name: String) -> String { "\(architecture.name).\(name)" }

  /// Also under the names that newer and older versions of transformers have for it.
  private func value(of parameter: GGUFHyperparameter) -> JSONValue? {
    if let value = config[parameter.name], !value.isNull { return value }
    let parameters = config["rope_parameters"]
    switch parameter.name {
    case "rope_theta":
      return parameters?["rope_theta"] ?? parameters?["full_attention"]?["rope_theta"]
    case "num_key_value_heads": return config["num_attention_heads"]
    case "n_positions": return config["n_ctx"]
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
  }
}
