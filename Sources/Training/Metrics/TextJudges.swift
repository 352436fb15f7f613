import Glibc
import Tensors

/// Judges a language model: among how many tokens it seems to choose.
public struct PerplexityJudge: Judge {
  public init() {}

  public var wantsOutputs: Bool { false }
  public mutating func add(_ output: Tensor, _ batch: TrainingBatch) {}
  public func metrics(loss: Double) -> [Metric] {
    [Metric("perplexity", exp(loss), isLoss: true)]
  }
}

/// Judges any of several classes a sample: those with a logit above 0 are the answer.
///
/// - Shapes: outputs and targets `[batch, classes]`.
public struct LabelsJudge: Judge {
  private var (hits, misses, alarms) = (0, 0, 0)
  private var (exact, samples) = (0, 0)

  public init() {}

  public mutating func add(_ output: Tensor, _ batch: TrainingBatch) {
    let (scores, targets) = (output.floats, batch.targets.floats)
    precondition(scores.count == targets.count, "\(output.shape) for \(batch.targets.shape)")
    let classes = output.shape.last ?? 1
    for start in stride(from: 0, to: scores.count, by: max(classes, 1)) {
      var isExact = true
      for place in start..<(start + classes) {
        switch (scores[place] > 0, targets[place] > 0.5) {
        case (true, true): hits += 1
        case (false, true): (misses, isExact) = (misses + 1, false)
        case (true, false): (alarms, isExact) = (alarms + 1, false)
        case (false, false): break
        }
      }
      exact += isExact ? 1 : 0
      samples += 1
    }
  }

  public func metrics(loss: Double) -> [Metric] {
    [
      Metric(
        "micro F1", Double(2 * hits) / Double(max(2 * hits + misses + alarms, 1)), isShare: true),
      Metric("accuracy", Double(exact) / Double(max(samples, 1)), isShare: true),
    ]
  }
}

/// Judges a number a sample: how it rises and falls with the one that was wanted.
public struct NumberJudge: Judge {
  private var answers: [Double] = []
  private var targets: [Double] = []

  public init() {}

  public mutating func add(_ output: Tensor, _ batch: TrainingBatch) {
    add(output.doubles, batch.targets.doubles)
  }

  /// The same for numbers that were computed from outputs.
  public mutating func add(_ answers: [Double], _ targets: [Double]) {
    precondition(answers.count == targets.count, "\(answers.count) for \(targets.count)")
    self.answers += answers
    self.targets += targets
  }

  public func metrics(loss: Double) -> [Metric] {
    let error = zip(answers, targets).reduce(0) { $0 + abs($1.0 - $1.1) }
    return [
      Metric("Spearman", Correlation.spearman(answers, targets)),
      Metric("Pearson", Correlation.pearson(answers, targets)),
    ].filter { $0.value.isFinite } + [
      Metric("mean error", error / Double(max(answers.count, 1)), isLoss: true)
    ]
  }
}
