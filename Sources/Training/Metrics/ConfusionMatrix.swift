/// How often each class was taken for each.
public struct ConfusionMatrix: Sendable, Hashable {
  public let classes: Int
  /// Row by row: what it is; column by column: what it was taken for.
  public private(set) var counts: [Int]

  public init(classes: Int) {
    precondition(classes > 0, "a matrix of \(classes) classes")
    self.classes = classes
    counts = Array(repeating: 0, count: classes * classes)
  }

  /// Counts one answer.
  public mutating func add(actual: Int, predicted: Int) {
    precondition(
      (0..<classes).contains(actual) && (0..<classes).contains(predicted),
      "\(actual) taken for \(predicted), of \(classes) classes")
    counts[actual * classes + predicted] += 1
  }

  public subscript(actual: Int, predicted: Int) -> Int { counts[actual * classes + predicted] }

  /// How many answers were counted.
  public var total: Int { counts.reduce(0, +) }

  /// The share of right answers; 0 of none.
  public var accuracy: Double {
    total == 0 ? 0 : Double((0..<classes).reduce(0) { $0 + self[$1, $1] }) / Double(total)
  }

  /// Of what was taken for the class, the share that is it; 0 of nothing.
  public func precision(of label: Int) -> Double {
    share(label, of: (0..<classes).reduce(0) { $0 + self[$1, label] })
  }

  /// Of what is of the class, the share that was found; 0 of nothing.
  public func recall(of label: Int) -> Double {
    share(label, of: (0..<classes).reduce(0) { $0 + self[label, $1] })
  }

  /// The harmonic mean of precision and recall; 0 where there is no right answer.
  public func f1(of label: Int) -> Double {
    let both = (0..<classes).reduce(0) { $0 + self[$1, label] + self[label, $1] }
    return both == 0 ? 0 : 2 * Double(self[label, label]) / Double(both)
  }

  /// The mean F1 of the classes that occur, in what is there or in the answers.
  ///
  /// - Source: scikit-learn's f1_score(average="macro").
  public var macroF1: Double {
    let occurring = (0..<classes).filter { label in
      (0..<classes).contains { self[$0, label] + self[label, $0] > 0 }
    }
    return occurring.isEmpty
      ? 0 : occurring.reduce(0) { $0 + f1(of: $1) } / Double(occurring.count)
  }

  private func share(_ label: Int, of all: Int) -> Double {
    all == 0 ? 0 : Double(self[label, label]) / Double(all)
  }
}
