import Glibc
import JSON

/// The angles of rotary position embedding: pair i of a head turns by `position · theta^(-2i/d)`, or what a scaling makes of it.
///
/// - Source: Su et al., "RoFormer" (2021); scalings as in transformers' `modeling_rope_utils`.
public struct Rotary: Sendable, Hashable {
  public var theta: Double
  public var scaling: Scaling

  /// How a model that was trained on short texts takes longer ones.
  public enum Scaling: Sendable, Hashable {
    case none
    /// All positions are divided.
    case linear(factor: Double)
    /// Slow pairs are slowed further, as Llama 3.1 does.
    case llama3(factor: Double, low: Double, high: Double, original: Double)
    /// Slow pairs are slowed further, and all scores sharpened: Peng et al., "YaRN" (2023).
    case yarn(factor: Double, fast: Double, slow: Double, original: Double, attention: Double)
  }

  public init(theta: Double = 10_000, scaling: Scaling = .none) {
    self.theta = theta
    self.scaling = scaling
  }

  /// Radians a position, of each pair of a head.
  func frequencies(headDimension: Int) -> [Double] {
    let plain = (0..<(headDimension / 2)).map {
      Glibc.pow(theta, -Double(2 * $0) / Double(headDimension))
    }
    switch scaling {
    case .none: return plain
    case .linear(let factor): return plain.map { $0 / factor }
    case .llama3(let factor, let low, let high, let original):
      return plain.map { frequency in
        let turns = original * frequency / (2 * .pi)
        let smooth = min(max((turns - low) / (high - low), 0), 1)
        return frequency * (smooth + (1 - smooth) / factor)
      }
    case .yarn(let factor, let fast, let slow, let original, _):
      func pair(turns: Double) -> Double {
        Double(headDimension) * Glibc.log(original / (turns * 2 * .pi)) / (2 * Glibc.log(theta))
      }
      let first = max(pair(turns: fast).rounded(.down), 0)
      let last = min(pair(turns: slow).rounded(.up), Double(headDimension - 1))
      return plain.enumerated().map { index, frequency in
        let ramp = min(max((Double(index) - first) / max(last - first, 0.001), 0), 1)
        return frequency * (1 - ramp + ramp / factor)
      }
    }
  }

  /// What cosines and sines are multiplied with.
  var magnitude: Double {
    if case .yarn(_, _, _, _, let attention) = scaling { attention } else { 1 }
  }
}

extension Rotary {
  /// As a `config.json` of transformers says; nil when it asks for a scaling that is not known here.
  ///
  /// - Parameters:
  ///   - section: the kind of layers, where a file has angles of its own for each (`full_attention`).
  ///   - theta: the usual one, for a file that does not say.
  init?(config: JSONValue?, section: String? = nil, theta: Double) {
    var parameters = config?["rope_parameters"]
    if let section, let own = parameters?[section] { parameters = own }
    let scaling = parameters ?? config?["rope_scaling"]
    self.theta = parameters?["rope_theta"]?.double ?? config?["rope_theta"]?.double ?? theta
    func number(_ key: String) -> Double? { scaling?[key]?.double }
    let original =
      number("original_max_position_embeddings") ?? config?["max_position_embeddings"]?.double
    let type = scaling?["rope_type"]?.string ?? scaling?["type"]?.string ?? "default"
    guard self.theta > 1, number("factor") ?? 1 > 0 else { return nil }
    switch type {
    // Beyond the context that it was made for, `dynamic` differs; up to there it does not.
    case "default", "dynamic": self.scaling = .none
    case "linear": self.scaling = .linear(factor: number("factor") ?? 1)
    case "llama3":
      let (low, high) = (number("low_freq_factor") ?? 1, number("high_freq_factor") ?? 4)
      guard let original, high > low else { return nil }
      self.scaling = .llama3(
        factor: number("factor") ?? 8, low: low, high: high, original: original)
    case "yarn":
      guard let original, original > 1, number("mscale") == nil, number("mscale_all_dim") == nil
      else { return nil }
      let factor = number("factor") ?? 1
      let usual = factor > 1 ? 0.1 * Glibc.log(factor) + 1 : 1
      self.scaling = .yarn(
        factor: factor, fast: number("beta_fast") ?? 32, slow: number("beta_slow") ?? 1,
        original: original, attention: number("attention_factor") ?? usual)
    default: return nil
    }
  }

  /// The scaling as transformers writes it; null where there is none.
  var scalingConfiguration: JSONValue {
    switch scaling {
    case .none: .null
    case .linear(let factor): ["rope_type": "linear", "factor": .number(factor)]
    case .llama3(let factor, let low, let high, let original):
      [
        "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
        "high_freq_factor": .number(high),
        "original_max_position_embeddings": .number(original),
      ]
    case .yarn(let factor, let fast, let slow, let original, let attention):
      [
        "rope_type": "yarn", "factor": .number(factor), "beta_fast": .number(fast),
        "beta_slow": .number(slow), "original_max_position_embeddings": .number(original),
        "attention_factor": .number(attention),
      ]
    }
  }
}
