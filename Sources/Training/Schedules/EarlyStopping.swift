/// Says when more training is of no use: when validation has not got better for a while.
public struct EarlyStopping: Sendable, Hashable {
  /// How many validations in a row may be no better.
  public let patience: Int
  /// By how much a validation must be better to count.
  public let least: Double
  /// Whether less is better.
  public let isLoss: Bool
  public private(set) var best: Double?
  /// Validations since the best one.
  public private(set) var waited = 0

  public init(patience: Int, least: Double = 0, isLoss: Bool = true) {
    precondition(patience >= 0 && least >= 0, "a patience of \(patience), by \(least)")
    self.patience = patience
    self.least = least
    self.isLoss = isLoss
  }

  /// Hears of a validation; true when it is the best so far: the weights to be kept.
  public mutating func observe(_ metric: Double) -> Bool {
    let isBetter =
      best.map { isLoss ? metric < $0 - least : metric > $0 + least } ?? !metric.isNaN
    waited = isBetter ? 0 : waited + 1
    if isBetter { best = metric }
    return isBetter
  }

  public var isOver: Bool { waited > patience }

  /// What it has heard, so that a run can go on.
  public var memory: [String: Double] {
    get {
      var memory = ["waited": Double(waited)]
      memory["best"] = best
      return memory
    }
    set {
      best = newValue["best"]
      waited = newValue["waited"].flatMap { Int(exactly: $0) } ?? 0
    }
  }
}
