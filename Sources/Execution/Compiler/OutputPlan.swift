/// Which outputs of a program lie beside the arena: first those that the caller has memory for, then those for which each run
/// makes it, where they are computed and handed out without a copy.
struct OutputPlan: Sendable {
  /// How many the caller has memory for.
  let callers: Int
  /// Floats of each one that the run makes memory for.
  private(set) var made: [Int] = []

  init(callers: Int) { self.callers = callers }

  /// Floats of all that is made.
  var count: Int { made.reduce(0, +) }

  /// The place of one more output, of so many floats.
  mutating func make(_ count: Int) -> Int {
    made.append(count)
    return callers + made.count - 1
  }
}
