import Tensors

/// A number that says how good a model is.
public struct Metric: Sendable, Hashable {
  /// `accuracy`, `perplexity` …
  public let name: String
  public let value: Double
  /// Whether less is better.
  public let isLoss: Bool
  /// Whether it is a share of all, to be shown in percent.
  public let isShare: Bool

  public init(_ name: String, _ value: Double, isLoss: Bool = false, isShare: Bool = false) {
    self.name = name
    self.value = value
    self.isLoss = isLoss
    self.isShare = isShare
  }
}

/// Sees what a model answers to samples that it has not learnt from, and says how good that is.
///
/// A new judge is a file with a type like this.
public protocol Judge: Sendable {
  /// Whether it looks at outputs, or the loss is enough for it.
  var wantsOutputs: Bool { get }

  /// Sees a batch's output: the first of the graph's, logits where it ends in probabilities.
  mutating func add(_ output: Tensor, _ batch: TrainingBatch)

  /// The verdict; the one that matters most first.
  /// - Parameter loss: the mean over all samples.
  func metrics(loss: Double) -> [Metric]

  /// Which class was taken for which, where there are classes.
  var confusion: ConfusionMatrix? { get }

  /// The answers that were most wrong, the worst first.
  var mistakes: [Mistake] { get }
}

extension Judge {
  public var wantsOutputs: Bool { true }
  public var confusion: ConfusionMatrix? { nil }
  public var mistakes: [Mistake] { [] }
}

/// A wrong answer.
public struct Mistake: Sendable, Hashable {
  /// The sample's number in its source.
  public let sample: Int
  /// Classes by number.
  public let actual: Int
  public let predicted: Int
  /// How sure the model was of its answer, 0 to 1.
  public let confidence: Double
}
