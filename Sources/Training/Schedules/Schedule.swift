/// How the learning rate changes while training goes on.
///
/// Steps are those of the optimiser, counted from 0.
public protocol Schedule: Adjustable {
  /// What the rate is multiplied with in step `step` of `total`.
  func factor(at step: Int, of total: Int) -> Double

  /// Hears how good the model is: after a validation.
  ///
  /// - Parameter isLoss: whether less is better.
  mutating func observe(_ metric: Double, isLoss: Bool)

  /// What it has heard, so that a run can go on.
  var memory: [String: Double] { get set }
}

extension Schedule {
  public mutating func observe(_ metric: Double, isLoss: Bool) {}

  public var memory: [String: Double] {
    get { [:] }
    set { _ = newValue }
  }
}

/// The schedules that there are.
public enum ScheduleRegistry {
  public static let all: [any Schedule.Type] = [
    ConstantSchedule.self,
    StepSchedule.self,
    CosineSchedule.self,
    LinearSchedule.self,
    PolynomialSchedule.self,
    OneCycleSchedule.self,
    PlateauSchedule.self,
  ]

  public static var names: [String] { all.map { $0.name } }

  /// The schedule with this name and settings.
  /// - Throws: `.mismatch` for a name or a setting that is none, or a value out of range.
  public static func schedule(
    named name: String, settings: [String: Double] = [:]
  ) throws -> any Schedule {
    try kind(of: all, named: name, "schedule") { $0.name }.init(settings: settings)
  }
}

/// A run's learning rate: a schedule of its steps, after a warm-up.
public struct LearningRate: Sendable {
  /// The rate that the schedule's factors multiply.
  public let base: Double
  public var schedule: any Schedule
  /// In the first steps the rate grows evenly, from `warmupStart` times the base.
  public let warmupSteps: Int
  public let warmupStart: Double
  public let totalSteps: Int

  /// - Parameter totalSteps: those of warm-up included.
  public init(
    _ base: Double, _ schedule: any Schedule = ConstantSchedule(), totalSteps: Int,
    warmupSteps: Int = 0, warmupStart: Double = 0
  ) {
    self.base = base
    self.schedule = schedule
    self.totalSteps = max(totalSteps, 0)
    self.warmupSteps = max(warmupSteps, 0)
    self.warmupStart = warmupStart
  }

  /// The rate of a step, counted from 0.
  ///
  /// - Source: transformers' `get_*_schedule_with_warmup`: step 0 of a warm-up from nothing has the rate 0.
  public func rate(at step: Int) -> Double {
    if step < warmupSteps {
      let share = Double(step) / Double(warmupSteps)
      return base * (warmupStart + (1 - warmupStart) * share)
    }
    return base * schedule.factor(at: step - warmupSteps, of: max(totalSteps - warmupSteps, 0))
  }
}

/// How far step `step` of `total` is, from 0 to 1.
func progress(_ step: Int, _ total: Int) -> Double {
  min(Double(max(step, 0)) / Double(max(total, 1)), 1)
}
