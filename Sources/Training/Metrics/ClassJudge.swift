import Glibc
import Tensors

/// Judges one class a sample: accuracy and macro F1, and what was taken for what.
///
/// - Shapes: outputs `[batch, classes]`; batches with `labels`.
public struct ClassJudge: Judge {
  private var score: ClassificationScore
  public private(set) var mistakes: [Mistake] = []
  private let kept: Int

  /// - Parameter kept: how many of the worst mistakes are remembered.
  public init(classes: Int, kept: Int = 24) {
    score = ClassificationScore(classes: classes, tops: [])
    self.kept = kept
  }

  public var confusion: ConfusionMatrix? { score.confusion }

  public mutating func add(_ output: Tensor, _ batch: TrainingBatch) {
    let rows = output.floats
    let classes = score.confusion.classes
    precondition(rows.count == batch.labels.count * classes, "\(output.shape) for the labels")
    for (row, label) in batch.labels.enumerated() {
      let scores = rows[(row * classes)..<((row + 1) * classes)]
      score.add(scores: scores, label: label)
      guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { continue }
      let answer = best - scores.startIndex
      guard answer != label, batch.indices.indices.contains(row) else { continue }
      let total = scores.reduce(0) { $0 + exp(Double($1) - Double(scores[best])) }
      mistakes.append(
        Mistake(
          sample: batch.indices[row], actual: label, predicted: answer, confidence: 1 / total))
    }
    mistakes.sort { ($0.confidence, $1.sample) > ($1.confidence, $0.sample) }
    mistakes.removeLast(max(0, mistakes.count - kept))
  }

  public func metrics(loss: Double) -> [Metric] {
    [
      Metric("accuracy", score.accuracy, isShare: true),
      Metric("macro F1", score.macroF1, isShare: true),
    ]
  }
}
