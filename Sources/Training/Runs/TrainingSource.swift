import BinaryIO
import Execution
import ModelGraph
import Synchronization
import Tensors

/// A batch as a step takes it.
public struct TrainingBatch: Sendable {
  /// By the names of the graph's inputs.
  public var inputs: [String: Tensor]
  /// What the objective compares the output with.
  public var targets: Tensor
  /// The class of each sample, where it has one.
  public var labels: [Int]

  public init(inputs: [String: Tensor], targets: Tensor, labels: [Int] = []) {
    self.inputs = inputs
    self.targets = targets
    self.labels = labels
  }
}

/// Where samples come from.
public protocol TrainingSource: Sendable {
  /// How many samples there are.
  var count: Int { get }

  /// The samples of these numbers; the same numbers in the same epoch give the same batch.
  func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch
}

/// What a frozen part of a model makes of samples, computed once for each and kept.
///
/// For samples that are the same in every epoch.
public final class FrozenFeatures: TrainingSource {
  private let source: any TrainingSource
  private let frozen: Session
  private let cache = Mutex<[Int: Sample]>([:])

  private struct Sample: Sendable {
    let features: [String: Tensor]
    let target: Tensor
    let label: Int?
  }

  /// - Parameter frozen: the part of the graph that does not learn.
  public init(_ source: any TrainingSource, through frozen: Session) {
    self.source = source
    self.frozen = frozen
  }

  public var count: Int { source.count }

  public func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch {
    let missing = cache.withLock { cache in indices.filter { cache[$0] == nil } }
    for index in missing {
      let one = try source.batch([index], epoch: epoch)
      let outputs = try frozen.run(one.inputs)
      let features = outputs.map { ($0.name, $0.tensor) }
      let sample = Sample(
        features: Dictionary(features, uniquingKeysWith: { first, _ in first }),
        target: one.targets, label: one.labels.first)
      cache.withLock { $0[index] = sample }
    }
    let samples = cache.withLock { cache in indices.compactMap { cache[$0] } }
    guard let first = samples.first else {
      throw DataError(.malformed, "a batch without samples")
    }
    var inputs: [String: Tensor] = [:]
    for name in first.features.keys {
      inputs[name] = try joined(samples.compactMap { $0.features[name] })
    }
    return TrainingBatch(
      inputs: inputs, targets: try joined(samples.map(\.target)),
      labels: samples.compactMap(\.label))
  }

  /// Samples of one shape, one after the other along their first axis.
  private func joined(_ tensors: [Tensor]) throws -> Tensor {
    guard let first = tensors.first, tensors.allSatisfy({ $0.shape == first.shape }) else {
      throw DataError(.mismatch, "samples of different shapes in a batch")
    }
    return Tensor(
      shape: Shape([tensors.count * first.shape[0]] + first.shape.dropFirst()),
      tensors.flatMap(\.floats))
  }
}
