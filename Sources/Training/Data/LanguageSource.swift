import Tensors

/// Samples for a language model, filled up to the length of a batch's longest.
public struct LanguageSource: TrainingSource {
  public let samples: [TokenSample]
  private let inputs: Set<String>
  private let padding: Int
  private let limit: Int?

  /// - Parameters:
  ///   - inputs: of `input_ids`, `attention_mask` those that the graph takes.
  ///   - padding: any token.
  ///   - limit: the most tokens that the graph takes.
  public init(_ samples: [TokenSample], inputs: Set<String>, padding: Int, limit: Int?) {
    self.samples = samples
    self.inputs = inputs
    self.padding = padding
    self.limit = limit
  }

  public var count: Int { samples.count }

  public func batch(_ indices: [Int], epoch: Int) -> TrainingBatch {
    let batch = TokenBatch(indices.map { samples[$0] }, padding: padding) {
      BatchLength.of($0, limit: limit)
    }
    let given = ["input_ids": batch.ids, "attention_mask": batch.mask]
    return TrainingBatch(
      inputs: given.filter { inputs.contains($0.key) }, targets: batch.targets,
      indices: indices, weight: batch.learnt)
  }
}
