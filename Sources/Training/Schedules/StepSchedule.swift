import Glibc

/// The rate falls to a part of it every so many steps.
///
/// - Source: torch.optim.lr_scheduler.StepLR.
public struct StepSchedule: Schedule {
  public static let name = "step"
  public static let settings: [Setting<StepSchedule>] = [
    Setting("every", \.every),
    Setting("gamma", \.gamma),
  ]

  /// Steps between two falls; 0 stands for a third of the run.
  public var every = 0
  public var gamma = 0.1

  public init() {}

  public init(every: Int, gamma: Double = 0.1) {
    self.every = every
    self.gamma = gamma
  }

  public func factor(at step: Int, of total: Int) -> Double {
    let length = every > 0 ? every : max((total + 2) / 3, 1)
    return pow(gamma, Double(max(step, 0) / length))
  }
}
