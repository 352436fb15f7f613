/// How the running mean and variance of a normalisation follow the batches that it learns from.
///
/// - Source: PyTorch's `BatchNorm2d` (whose own momentum is the share of the new), Keras 3's `BatchNormalization`, ONNX
///   BatchNormalization-15.
public struct RunningStatistics: Sendable, Hashable {
  /// The share of the old ones that stays.
  public var momentum: Double
  /// Whether the variance is the whole's as a batch lets it be guessed (divided by its count less one), not the batch's own.
  public var isUnbiased: Bool

  public init(momentum: Double, isUnbiased: Bool) {
    self.momentum = momentum
    self.isUnbiased = isUnbiased
  }

  /// What PyTorch does unless told otherwise.
  public static let pyTorch = RunningStatistics(momentum: 0.9, isUnbiased: true)

  public static func keras(momentum: Double = 0.99) -> RunningStatistics {
    RunningStatistics(momentum: momentum, isUnbiased: false)
  }

  public static func onnx(momentum: Double = 0.9) -> RunningStatistics {
    RunningStatistics(momentum: momentum, isUnbiased: false)
  }

  /// The running mean after a batch with a mean of its own.
  public func mean(_ old: Double, batch: Double) -> Double {
    momentum * old + (1 - momentum) * batch
  }

  /// The running variance after a batch.
  ///
  /// - Parameters:
  ///   - batch: its own variance, divided by its count.
  ///   - count: how many numbers it is made of.
  public func variance(_ old: Double, batch: Double, count: Int) -> Double {
    let factor = isUnbiased && count > 1 ? Double(count) / Double(count - 1) : 1
    return mean(old, batch: batch * factor)
  }
}
