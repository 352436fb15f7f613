/// The rate falls when validation gets no better for a while.
///
/// - Source: torch.optim.lr_scheduler.ReduceLROnPlateau, its threshold relative to the best, without its `eps`.
public struct PlateauSchedule: Schedule {
  public static let name = "plateau"
  public static let settings: [Setting<PlateauSchedule>] = [
    Setting("factor", \.reduction, in: 0..<1),
    Setting("patience", \.patience),
    Setting("threshold", \.threshold),
    Setting("cooldown", \.cooldown),
    Setting("min", \.least),
  ]

  /// What is left of the rate after a fall.
  public var reduction = 0.1
  /// How many validations in a row may be no better.
  public var patience = 10
  /// What counts as better: by this share of the best.
  public var threshold = 1e-4
  /// Validations after a fall that do not count.
  public var cooldown = 0
  /// The least that is left of the rate.
  public var least = 0.0

  private var current = 1.0
  private var best: Double?
  private var bad = 0
  private var resting = 0

  public init() {}

  public init(factor: Double, patience: Int) {
    reduction = factor
    self.patience = patience
  }

  public func factor(at step: Int, of total: Int) -> Double { current }

  public mutating func observe(_ metric: Double, isLoss: Bool) {
    if isBetter(metric, isLoss) {
      best = metric
      bad = 0
    } else {
      bad += 1
    }
    if resting > 0 {
      resting -= 1
      bad = 0
    }
    if bad > patience {
      current = max(current * reduction, least)
      resting = cooldown
      bad = 0
    }
  }

  private func isBetter(_ metric: Double, _ isLoss: Bool) -> Bool {
    guard let best else { return !metric.isNaN }
    return isLoss ? metric < best * (1 - threshold) : metric > best * (1 + threshold)
  }

  public var memory: [String: Double] {
    get {
      var memory = ["factor": current, "bad": Double(bad), "resting": Double(resting)]
      memory["best"] = best
      return memory
    }
    set {
      current = newValue["factor"] ?? 1
      best = newValue["best"]
      bad = newValue["bad"].flatMap { Int(exactly: $0) } ?? 0
      resting = newValue["resting"].flatMap { Int(exactly: $0) } ?? 0
    }
  }
}
