import Glibc

/// Finds a learning rate by trying: it grows from step to step until the loss runs away.
///
/// - Source: Smith, "Cyclical Learning Rates for Training Neural Networks" (2015), with fastai's smoothing and its bound of
///   four times the best loss.
public struct RateFinder: Sendable {
  /// A rate and the smoothed loss of its step.
  public struct Point: Sendable, Hashable {
    public let rate: Double
    public let loss: Double
  }

  public let first: Double
  public let last: Double
  public let steps: Int
  public private(set) var points: [Point] = []
  private var average = 0.0
  private static let smoothing = 0.9

  public init(from first: Double = 1e-7, to last: Double = 10, steps: Int = 100) {
    precondition(first > 0 && last > first && steps > 1, "rates from \(first) to \(last)")
    self.first = first
    self.last = last
    self.steps = steps
  }

  /// The rate of the next step; nil when all have been tried.
  public var nextRate: Double? {
    points.count < steps
      ? first * pow(last / first, Double(points.count) / Double(steps - 1)) : nil
  }

  /// Hears the loss of the step that was made with `nextRate`; false when to go on is of no use.
  public mutating func observe(loss: Double) -> Bool {
    guard let rate = nextRate, loss.isFinite else { return false }
    average = Self.smoothing * average + (1 - Self.smoothing) * loss
    let smoothed = average / (1 - pow(Self.smoothing, Double(points.count + 1)))
    let best = points.map(\.loss).min() ?? smoothed
    guard points.count < 5 || smoothed <= best + 3 * abs(best) else { return false }
    points.append(Point(rate: rate, loss: smoothed))
    return nextRate != nil
  }

  /// Where the loss falls fastest; nil when it never does.
  public var suggestion: Double? {
    let start = min(steps / 10, 10)
    var best: (slope: Double, rate: Double)?
    for place in points.indices.dropFirst(start + 1).dropLast() {
      let (before, after) = (points[place - 1], points[place + 1])
      let slope = (after.loss - before.loss) / (log(after.rate) - log(before.rate))
      // Less than this is rounding
      let least = -1e-6 * abs(points[place].loss)
      if slope < (best?.slope ?? least) { best = (slope, points[place].rate) }
    }
    return best?.rate
  }
}
