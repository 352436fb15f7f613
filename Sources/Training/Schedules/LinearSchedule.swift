/// The rate falls evenly.
///
/// - Source: transformers' get_linear_schedule_with_warmup; with `end`, torch's LinearLR from 1.
public struct LinearSchedule: Schedule {
  public static let name = "linear"
  public static let settings: [Setting<LinearSchedule>] = [Setting("end", \.end)]

  /// What is left of the rate at the end.
  public var end = 0.0

  public init() {}

  public init(end: Double) { self.end = end }

  public func factor(at step: Int, of total: Int) -> Double {
    1 + (end - 1) * progress(step, total)
  }
}
