import Glibc

/// The rate falls as a power of what is left to do.
///
/// - Source: torch.optim.lr_scheduler.PolynomialLR; with `end`, transformers' get_polynomial_decay_schedule_with_warmup.
public struct PolynomialSchedule: Schedule {
  public static let name = "polynomial"
  public static let settings: [Setting<PolynomialSchedule>] = [
    Setting("power", \.power), Setting("end", \.end),
  ]

  public var power = 2.0
  /// What is left of the rate at the end.
  public var end = 0.0

  public init() {}

  public init(power: Double, end: Double = 0) {
    self.power = power
    self.end = end
  }

  public func factor(at step: Int, of total: Int) -> Double {
    end + (1 - end) * pow(1 - progress(step, total), power)
  }
}
