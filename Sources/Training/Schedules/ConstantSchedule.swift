/// The same rate all the time.
public struct ConstantSchedule: Schedule {
  public static let name = "constant"
  public static let settings: [Setting<ConstantSchedule>] = []

  public init() {}

  public func factor(at step: Int, of total: Int) -> Double { 1 }
}
