import Glibc

/// The rate falls as half a wave of the cosine.
///
/// - Source: transformers' get_cosine_schedule_with_warmup; with `end`, torch's CosineAnnealingLR.
public struct CosineSchedule: Schedule {
  public static let name = "cosine"
  public static let settings: [Setting<CosineSchedule>] = [
    Setting("end", \.end), Setting("cycles", \.cycles),
  ]

  /// What is left of the rate at the end.
  public var end = 0.0
  /// Whole waves; a half one falls once.
  public var cycles = 0.5

  public init() {}

  public init(end: Double) { self.end = end }

  public func factor(at step: Int, of total: Int) -> Double {
    let wave = max(0, 0.5 * (1 + cos(2 * .pi * cycles * progress(step, total))))
    return end + (1 - end) * wave
  }
}
