import Kernels
import Tensors

/// The exponential moving average of weights, which often answers better than the weights themselves.
///
/// `a += (1 - decay)(w - a)` after each step.
/// - Source: torch.optim.swa_utils.get_ema_multi_avg_fn; with `warmsUp`, `decay` is at most `(1 + step) / (10 + step)`, as in
///   TensorFlow's ExponentialMovingAverage.
public struct WeightAverage: Sendable {
  public let decay: Double
  public let warmsUp: Bool
  /// How often it was updated.
  public private(set) var steps = 0
  private let sources: [FloatView]
  private let averages: [FloatView]

  /// Begins at the values that are there now.
  public init(of values: [FloatView], decay: Double = 0.999, warmsUp: Bool = false) {
    precondition(decay >= 0 && decay <= 1, "an average with the decay \(decay)")
    self.decay = decay
    self.warmsUp = warmsUp
    sources = values
    averages = values.map { FloatView($0.array) }
  }

  /// Follows the values by one step.
  public mutating func update(pool: ThreadPool? = nil) {
    steps += 1
    let bound = warmsUp ? min(decay, Double(1 + steps) / Double(10 + steps)) : decay
    for (average, values) in zip(averages, sources) {
      WeightUpdate.approach(average, values, share: 1 - bound, pool: pool)
    }
  }

  /// Exchanges values and averages: once before validation, once after it.
  public func swap() {
    for (average, values) in zip(averages, sources) {
      let kept = values.array
      values.copy(from: average)
      average.copy(from: kept)
    }
  }

  /// The averages, in the order of the values: to be saved.
  public var values: [[Float]] { averages.map(\.array) }

  /// Goes on from saved averages; false, and nothing changed, when they are of other sizes.
  public mutating func restore(_ values: [[Float]], steps: Int) -> Bool {
    guard values.map(\.count) == averages.map(\.count), steps >= 0 else { return false }
    for (average, saved) in zip(averages, values) { average.copy(from: saved) }
    self.steps = steps
    return true
  }
}
