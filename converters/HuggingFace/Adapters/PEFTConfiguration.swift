import BinaryIO
import JSON
import OrderedCollections

/// What `adapter_config.json` of the `peft` library says of adapters of low rank.
public struct PEFTConfiguration: Sendable, Hashable {
  public var rank: Int
  public var alpha: Double
  public var dropout: Double
  public var isRankStabilised: Bool
  public var isWeightDecomposed: Bool
  /// Whether the adapted modules store their weights `[in, out]`, as GPT-2's do.
  public var isTransposed: Bool
  /// Modules that have an adapter: names, or ends of names.
  public var targets: [String]
  /// Modules whose own weights are in the file, whole.
  public var saved: [String]
  /// Ranks and alphas of modules that have their own, by ends of names.
  public var ranks: OrderedDictionary<String, Int>
  public var alphas: OrderedDictionary<String, Double>
  /// What the adapter is for, as it was named.
  public var base: String?
  /// `CAUSAL_LM`, `SEQ_CLS` …
  public var task: String?

  public init(
    rank: Int, alpha: Double, dropout: Double = 0, isRankStabilised: Bool = false,
    isWeightDecomposed: Bool = false, isTransposed: Bool = false, targets: [String],
    saved: [String] = [], ranks: OrderedDictionary<String, Int> = [:],
    alphas: OrderedDictionary<String, Double> = [:], base: String? = nil, task: String? = nil
  ) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.isRankStabilised = isRankStabilised
    self.isWeightDecomposed = isWeightDecomposed
    self.isTransposed = isTransposed
    self.targets = targets
    self.saved = saved
    self.ranks = ranks
    self.alphas = alphas
    self.base = base
    self.task = task
  }
}

// Reading.
extension PEFTConfiguration {
  /// - Throws: `.unsupported` for other kinds of adapters, `.malformed` for numbers that make no sense.
  public init(_ json: JSONValue) throws {
    guard json.object != nil else { throw DataError(.malformed, "is no JSON object") }
    let type = json["peft_type"]?.string
    guard type == "LORA" else {
      throw DataError(
        .unsupported, "an adapter of the type \(type ?? "that it does not say")", expected: "LORA")
    }
    func isSet(_ key: String) -> Bool {
      guard let value = json[key] else { return false }
      return value != .null && value != .bool(false) && value.object?.isEmpty != true
        && value.array?.isEmpty != true
    }
    for key in [
      "use_qalora", "use_bdlora", "lora_bias", "layer_replication", "alora_invocation_tokens",
      "trainable_token_indices", "target_parameters", "arrow_config", "kasa_config",
      "monteclora_config", "velora_config",
    ] where isSet(key) {
      throw DataError(.unsupported, "an adapter with '\(key)'", expected: "LoRA, rsLoRA or DoRA")
    }
    // These change the base's weights before anything is learnt
    if let start = json["init_lora_weights"]?.string,
      !["gaussian", "eva", "orthogonal"].contains(start)
    {
      throw DataError(
        .unsupported, "an adapter that began from the base's weights ('\(start)')",
        remedy: "save it from peft as an ordinary one (path_initial_model_for_weight_conversion)")
    }
    guard let rank = json["r"]?.integer, (1...1 << 16).contains(rank) else {
      throw DataError(.malformed, "'r' is no rank")
    }
    guard let alpha = json["lora_alpha"]?.double, alpha.isFinite else {
      throw DataError(.malformed, "'lora_alpha' is no number")
    }
    let said = json["lora_dropout"] ?? .null
    guard let dropout = said.isNull ? 0 : said.double, (0..<1).contains(dropout) else {
      throw DataError(
        .malformed, "'lora_dropout' is \(said.text())", expected: "0 to below 1")
    }
    func names(_ key: String) -> [String] {
      json[key]?.string.map { [$0] } ?? json[key]?.array?.compactMap(\.string) ?? []
    }
    self.init(
      rank: rank, alpha: alpha, dropout: dropout,
      isRankStabilised: json["use_rslora"]?.bool ?? false,
      isWeightDecomposed: json["use_dora"]?.bool ?? false,
      isTransposed: json["fan_in_fan_out"]?.bool ?? false, targets: names("target_modules"),
      saved: names("modules_to_save"), base: json["base_model_name_or_path"]?.string,
      task: json["task_type"]?.string)
    for (name, value) in json["rank_pattern"]?.object ?? [:] {
      guard let rank = value.integer, (1...1 << 16).contains(rank) else {
        throw DataError(.malformed, "'rank_pattern' gives '\(name)' no rank")
      }
      ranks[name] = rank
    }
    for (name, value) in json["alpha_pattern"]?.object ?? [:] {
      guard let alpha = value.double, alpha.isFinite else {
        throw DataError(.malformed, "'alpha_pattern' gives '\(name)' no number")
      }
      alphas[name] = alpha
    }
    for name in Array(ranks.keys) + Array(alphas.keys)
    where name.contains(where: { "*+?[](){}|^$\\".contains($0) }) {
      throw DataError(
        .unsupported, "the pattern '\(name)' in 'rank_pattern' or 'alpha_pattern'",
        expected: "the end of a module's name")
    }
  }

  /// What a module's adapter has: patterns say the ends of names, the first that fits counts.
  public func settings(of module: String) -> (rank: Int, alpha: Double) {
    func value<Value>(_ table: OrderedDictionary<String, Value>) -> Value? {
      table.first { module == $0.key || module.hasSuffix(".\($0.key)") }?.value
    }
    return (value(ranks) ?? rank, value(alphas) ?? alpha)
  }
}

// Writing.
extension PEFTConfiguration {
  /// As `peft` writes it.
  public var json: JSONValue {
    func list(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
    func number(_ value: Double) -> JSONValue {
      Int(exactly: value).map { .integer($0) } ?? .number(value)
    }
    return [
      "alpha_pattern": .object(
        OrderedDictionary(uniqueKeysWithValues: alphas.map { ($0.key, number($0.value)) })),
      "base_model_name_or_path": base.map { .string($0) } ?? .null,
      "bias": "none",
      "fan_in_fan_out": .bool(isTransposed),
      "inference_mode": true,
      "init_lora_weights": true,
      "lora_alpha": number(alpha),
      "lora_dropout": .number(dropout),
      "modules_to_save": saved.isEmpty ? .null : list(saved),
      "peft_type": "LORA",
      "r": .integer(rank),
      "rank_pattern": .object(
        OrderedDictionary(uniqueKeysWithValues: ranks.map { ($0.key, .integer($0.value)) })),
      "target_modules": list(targets),
      "task_type": task.map { .string($0) } ?? .null,
      "use_dora": .bool(isWeightDecomposed),
      "use_rslora": .bool(isRankStabilised),
    ]
  }
}
