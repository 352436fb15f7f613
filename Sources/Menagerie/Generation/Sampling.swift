import BinaryIO

/// How the next token is chosen from what the model thinks of all of them.
///
/// The steps come in the order of transformers: penalties, temperature, top-k, top-p, min-p, and then the draw.
public struct Sampling: Sendable, Hashable {
  /// 0 takes the likeliest token each time; the higher, the more is left to chance.
  public var temperature = 0.0
  /// Only so many of the likeliest tokens; 0 for all.
  public var topK = 0
  /// Only the likeliest tokens that together have this probability.
  public var topP = 1.0
  /// Only tokens with at least this share of the likeliest one's probability.
  public var minP = 0.0
  /// Divides the positive logits of tokens that occurred before, the prompt's included, and multiplies the negative ones.
  ///
  /// - Source: CTRL, arXiv:1909.05858, as transformers has it.
  public var repetitionPenalty = 1.0
  /// Taken off a token's logit for each time that it was written.
  public var frequencyPenalty = 0.0
  /// Taken off a token's logit once it was written.
  public var presencePenalty = 0.0
  /// The same seed gives the same text; nil takes another one each time.
  public var seed: UInt64?

  public init(
    temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0,
    repetitionPenalty: Double = 1, seed: UInt64? = nil
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.seed = seed
  }

  /// The likeliest token each time.
  public static let greedy = Sampling()

  /// What is wrong with the numbers, in words; nil when they make sense.
  public var obstacle: String? {
    func wrong(_ name: String, _ value: Double, _ expected: String) -> String {
      "\(name) \(value): expected \(expected)"
    }
    if !(temperature.isFinite && temperature >= 0) {
      return wrong("temperature", temperature, "0 or more")
    }
    if topK < 0 { return "top-k \(topK): expected 0 or more" }
    if !(topP > 0 && topP <= 1) { return wrong("top-p", topP, "more than 0, at most 1") }
    if !(minP >= 0 && minP <= 1) { return wrong("min-p", minP, "0 to 1") }
    if !(repetitionPenalty.isFinite && repetitionPenalty > 0) {
      return wrong("repetition-penalty", repetitionPenalty, "more than 0 (1 is none)")
    }
    if !(frequencyPenalty.isFinite && presencePenalty.isFinite) {
      return "the penalties are no numbers"
    }
    return nil
  }
}
