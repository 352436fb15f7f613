import Glibc

/// The rate grows to its largest value and falls far below where it began: its own warm-up.
///
/// - Source: torch.optim.lr_scheduler.OneCycleLR of two phases along the cosine; it leaves the momentum alone.
public struct OneCycleSchedule: Schedule {
  public static let name = "one-cycle"
  public static let settings: [Setting<OneCycleSchedule>] = [
    Setting("pct_start", \.growingShare, in: 0..<1),
    Setting("div_factor", \.startDivisor, in: 1..<Double.infinity),
    Setting("final_div_factor", \.endDivisor, in: 1..<Double.infinity),
  ]

  /// How much of the run the rate grows.
  public var growingShare = 0.3
  /// The largest rate over the first one.
  public var startDivisor = 25.0
  /// The first rate over the last one.
  public var endDivisor = 1e4

  public init() {}

  public func factor(at step: Int, of total: Int) -> Double {
    let top = growingShare * Double(total) - 1
    let last = Double(total - 1)
    let place = min(Double(max(step, 0)), max(last, 0))
    let (first, least) = (1 / startDivisor, 1 / startDivisor / endDivisor)
    func between(_ start: Double, _ end: Double, _ share: Double) -> Double {
      end + (start - end) / 2 * (1 + cos(.pi * share))
    }
    if place <= top { return top > 0 ? between(first, 1, place / top) : 1 }
    return last > top ? between(1, least, (place - top) / (last - top)) : least
  }
}
