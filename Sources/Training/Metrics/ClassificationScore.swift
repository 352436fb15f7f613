/// How well scores of classes name the right one.
public struct ClassificationScore: Sendable, Hashable {
  public private(set) var confusion: ConfusionMatrix
  /// For which `k` the right class is looked for among the `k` best.
  public let tops: [Int]
  private var hits: [Int]

  public init(classes: Int, tops: [Int] = [5]) {
    confusion = ConfusionMatrix(classes: classes)
    self.tops = tops
    hits = Array(repeating: 0, count: tops.count)
  }

  /// Counts one answer: a score a class, the largest being the answer; of equal ones, the first.
  ///
  /// Scores that are not numbers are never the best.
  public mutating func add(scores: some Collection<Float>, label: Int) {
    precondition(
      scores.count == confusion.classes, "\(scores.count) scores, \(confusion.classes) classes")
    var (answer, best) = (0, -Float.infinity)
    for (place, score) in scores.enumerated() where score > best { (answer, best) = (place, score) }
    confusion.add(actual: label, predicted: answer)
    let own = scores[scores.index(scores.startIndex, offsetBy: label)]
    guard !own.isNaN else { return }
    var better = 0
    for (place, score) in scores.enumerated() where score > own || score == own && place < label {
      better += 1
    }
    for (place, top) in tops.enumerated() where better < top { hits[place] += 1 }
  }

  public var accuracy: Double { confusion.accuracy }
  public var macroF1: Double { confusion.macroF1 }

  /// The share of answers whose right class is among the best `k`; nil for a `k` that was not asked for.
  public func accuracy(top k: Int) -> Double? {
    guard let place = tops.firstIndex(of: k) else { return nil }
    return confusion.total == 0 ? 0 : Double(hits[place]) / Double(confusion.total)
  }
}
