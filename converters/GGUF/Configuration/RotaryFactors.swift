import Formats
import Glibc
import JSON
import OrderedCollections
import Tensors

/// The tensor `rope_freqs.weight`: by how much the angle of each pair is slowed down, as the scaling of Llama 3.1 does it.
///
/// - Source: `modeling_rope_utils.py` of transformers (`llama3`): turns below `low` are divided by the factor, those above
///   `high` are left, and between them it goes over smoothly.
enum RotaryFactors {
  static let name = "rope_freqs.weight"

  /// The scaling that these factors come from; nil when they are no such scaling's.
  static func scaling(of entry: TensorEntry, theta: Double) -> JSONValue? {
    guard entry.shape.rank == 1, (1...4096).contains(entry.shape.elementCount), theta > 0,
      let factors = try? entry.load().floats, let largest = factors.max(), largest >= 1
    else { return nil }
    // The bounds are the same for all models that have such factors; the window is found by trying
    for original in [8192, 4096, 16_384, 32_768, 131_072] {
      let made = RotaryFactors.factors(
        count: factors.count, theta: theta, factor: Double(largest), low: 1, high: 4,
        original: Double(original))
      guard zip(made, factors).allSatisfy({ abs($0 - $1) <= 1e-3 * abs($1) }) else { continue }
      return [
        "rope_type": "llama3", "factor": .number(Double(largest)), "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": .integer(original),
      ]
    }
    return nil
  }

  /// The factors of a `config.json`; nil when it asks for no such scaling.
  static func tensor(of config: JSONValue) -> Tensor? {
    guard let parameters = config["rope_parameters"] ?? config["rope_scaling"],
      (parameters["rope_type"] ?? parameters["type"])?.string == "llama3",
      let factor = parameters["factor"]?.double, factor > 0,
      let original = parameters["original_max_position_embeddings"]?.double,
      let dimension = HeadDimension.of(config), (2...8192).contains(dimension)
    else { return nil }
    let theta = config["rope_theta"]?.double ?? parameters["rope_theta"]?.double ?? 10_000
    return Tensor(
      factors(
        count: dimension / 2, theta: theta, factor: factor,
        low: parameters["low_freq_factor"]?.double ?? 1,
        high: parameters["high_freq_factor"]?.double ?? 4, original: original))
  }

  private static func factors(
    count: Int, theta: Double, factor: Double, low: Double, high: Double, original: Double
  ) -> [Float] {
    (0..<count).map { pair in
      let frequency = pow(theta, -Double(pair) / Double(count))
      let turns = original * frequency / (2 * .pi)
      if turns < low { return Float(factor) }
      if turns > high { return 1 }
      let smooth = (turns - low) / (high - low)
      return Float(1 / ((1 - smooth) / factor + smooth))
    }
  }
}

/// The width of an attention head by a `config.json`.
enum HeadDimension {
  static func of(_ config: JSONValue) -> Int? {
    if let said = config["head_dim"]?.integer { return said }
    guard let width = (config["hidden_size"] ?? config["n_embd"])?.integer,
      let heads = (config["num_attention_heads"] ?? config["n_head"])?.integer, heads > 0
    else { return nil }
    return width / heads
  }
}
