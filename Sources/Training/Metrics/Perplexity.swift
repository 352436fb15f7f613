import Glibc

/// Among how many tokens a language model seems to choose: `e` to the mean loss of a token.
public struct Perplexity: Sendable, Hashable {
  public private(set) var loss = 0.0
  public private(set) var tokens = 0

  public init() {}

  /// - Parameter meanLoss: in nats, over `tokens` tokens.
  public mutating func add(meanLoss: Double, tokens: Int) {
    guard tokens > 0 else { return }
    loss += meanLoss * Double(tokens)
    self.tokens += tokens
  }

  /// Nil of no tokens.
  public var value: Double? { tokens > 0 ? exp(loss / Double(tokens)) : nil }
}
