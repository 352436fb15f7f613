import Formats
import JSON
import OrderedCollections

/// How a model wants to be asked for text: `general.sampling.*` of GGUF, `generation_config.json` of transformers.
enum GenerationFacts {
  static let file = "generation_config.json"
  private static let prefix = "general.sampling."
  private static let names: [(key: String, name: String)] = [
    ("temp", "temperature"), ("top_k", "top_k"), ("top_p", "top_p"), ("min_p", "min_p"),
    ("penalty_repeat", "repetition_penalty"),
  ]

  /// The configuration; nil where the file says nothing but what `config.json` does.
  static func configuration(of metadata: GGUFMetadata) -> JSONValue? {
    var config: OrderedDictionary<String, JSONValue> = [:]
    for (key, name) in names {
      if let value = metadata[prefix + key]?.json, value.double != nil { config[name] = value }
    }
    if let temperature = config["temperature"]?.double, temperature <= 0 {
      config["temperature"] = nil
      config["do_sample"] = false
    } else if !config.isEmpty {
      config["do_sample"] = true
    }
    func id(_ name: String) -> Int? { metadata["tokenizer.ggml.\(name)_token_id"]?.integer }
    let ends = ["eos", "eot", "eom"].compactMap(id)
    let several = OrderedSet(ends)
    guard !config.isEmpty || several.count > 1 else { return nil }
    if let begin = id("bos") { config["bos_token_id"] = .integer(begin) }
    if let end = several.first {
      config["eos_token_id"] =
        several.count > 1 ? .array(several.map { .integer($0) }) : .integer(end)
    }
    if let padding = id("padding") { config["pad_token_id"] = .integer(padding) }
    return .object(config)
  }

  static func write(_ config: JSONValue?, to metadata: inout GGUFMetadata) {
    guard let config else { return }
    let count = metadata["tokenizer.ggml.tokens"]?.count ?? 0
    let ends = config["eos_token_id"]?.array?.compactMap(\.integer) ?? []
    // The end of a text is known already; what else ends an answer ends a turn
    let known = metadata["tokenizer.ggml.eos_token_id"]?.integer
    if let turn = ends.first(where: { $0 != known && (0..<count).contains($0) }), known != nil,
      metadata["tokenizer.ggml.eot_token_id"] == nil
    {
      metadata["tokenizer.ggml.eot_token_id"] = .uint32(UInt32(truncatingIfNeeded: turn))
    }
    guard config["do_sample"]?.bool == true else { return }
    for (key, name) in names {
      guard let value = config[name] else { continue }
      metadata[prefix + key] =
        key == "top_k"
        ? value.integer.flatMap(Int32.init(exactly:)).map { .int32($0) }
        : value.double.map { .float32(Float($0)) }
    }
  }
}
