import BinaryIO

/// How a layer is adapted by two small matrices beside its weight: `y + scale · B(A(x))`.
///
/// - Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021); names of settings as in `peft`.
public struct LowRankSettings: Sendable, Hashable {
  /// The inner extent of the two matrices.
  public var rank: Int
  /// The scale is `alpha / rank`.
  public var alpha: Double
  /// The share of a layer's inputs that a training step drops on the way to A.
  public var dropout: Double
  /// rsLoRA: the scale is `alpha / √rank`, so that it does not fall as fast with the rank.
  ///
  /// - Source: Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA" (2023).
  public var isRankStabilised: Bool
  /// DoRA: the rows of the adapted weight keep a length of their own, which learns too.
  ///
  /// - Source: Liu et al., "DoRA: Weight-Decomposed Low-Rank Adaptation" (2024).
  public var isWeightDecomposed: Bool

  public init(
    rank: Int = 8, alpha: Double = 16, dropout: Double = 0, isRankStabilised: Bool = false,
    isWeightDecomposed: Bool = false
  ) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.isRankStabilised = isRankStabilised
    self.isWeightDecomposed = isWeightDecomposed
  }

  /// What `B(A(x))` is multiplied with.
  public var scale: Double { scale(rank: rank, alpha: alpha) }

  /// The scale of a module with a rank or an alpha of its own.
  public func scale(rank: Int, alpha: Double) -> Double {
    isRankStabilised ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
  }

  /// - Throws: `.mismatch` for a number that makes no sense, with what would.
  public func check() throws {
    guard (1...65_536).contains(rank) else {
      throw DataError(.mismatch, "adapters of rank \(rank)", expected: "1 to 65536")
    }
    guard alpha > 0, alpha.isFinite else {
      throw DataError(.mismatch, "an alpha of \(alpha)", expected: "more than 0")
    }
    guard (0..<1).contains(dropout) else {
      throw DataError(.mismatch, "a dropout of \(dropout)", expected: "0 to below 1")
    }
  }
}
