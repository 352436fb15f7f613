import BinaryIO
import Execution
import Synchronization
import Tensors

/// What a frozen part of a model makes of samples, computed once for each and kept.
///
/// For samples that are the same in every epoch.
public final class FrozenFeatures: TrainingSource {
  private let source: any TrainingSource
  private let frozen: Session
  private let passing: Set<String>
  private let cache = Mutex<[Int: Sample?]>([:])

  private struct Sample: Sendable {
    let features: [String: Tensor]
    let target: Tensor
    let label: Int?
  }

  /// - Parameters:
  ///   - frozen: the part of the graph that does not learn; its inputs and outputs count samples along their first axis.
  ///   - passing: inputs that the rest of the graph takes from the source itself.
  public init(_ source: any TrainingSource, through frozen: Session, passing: Set<String> = []) {
    self.source = source
    self.frozen = frozen
    self.passing = passing
  }

  public var count: Int { source.count }
  /// It computes with all threads itself.
  public var prefersReadingAhead: Bool { false }
  public var keepsSamples: Bool { true }

  public func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch {
    let missing = cache.withLock { cache in indices.filter { cache[$0] == nil } }
    if !missing.isEmpty {
      let found = try samples(missing, epoch: epoch)
      cache.withLock { cache in for index in missing { cache[index] = .some(found[index]) } }
    }
    let kept = cache.withLock { cache in
      indices.compactMap { index in (cache[index] ?? nil).map { (index: index, sample: $0) } }
    }
    guard let first = kept.first?.sample else { return .empty }
    var inputs: [String: Tensor] = [:]
    for name in first.features.keys {
      inputs[name] = try joined(kept.compactMap { $0.sample.features[name] })
    }
    return TrainingBatch(
      inputs: inputs, targets: try joined(kept.map(\.sample.target)),
      indices: kept.map(\.index), labels: kept.compactMap(\.sample.label))
  }

  /// The samples by their numbers, without those that cannot be read.
  private func samples(_ indices: [Int], epoch: Int) throws -> [Int: Sample] {
    let batch = try source.batch(indices, epoch: epoch)
    guard !batch.indices.isEmpty else { return [:] }
    let wanted = Set(frozen.inputs.map(\.name))
    let outputs = try frozen.run(batch.inputs.filter { wanted.contains($0.key) })
    var samples: [Int: Sample] = [:]
    for (row, index) in batch.indices.enumerated() {
      func own(_ tensor: Tensor) throws -> Tensor {
        guard tensor.shape.first == batch.indices.count else {
          throw DataError(
            .unsupported, "computes \(tensor.shape) of \(batch.indices.count) samples",
            expected: "a row for each", subject: "the part of the model that does not learn")
        }
        // Values of its own: a view would keep the whole batch alive
        return Self.tensor(
          Shape([1] + tensor.shape.dropFirst()), [tensor.sliced(axis: 0, row..<(row + 1))])
      }
      var features: [String: Tensor] = [:]
      for (name, tensor) in outputs { features[name] = try own(tensor) }
      for (name, tensor) in batch.inputs where passing.contains(name) {
        features[name] = try own(tensor)
      }
      samples[index] = Sample(
        features: features, target: try own(batch.targets),
        label: batch.labels.isEmpty ? nil : batch.labels[row])
    }
    return samples
  }

  /// Samples of one shape, one after the other along their first axis.
  private func joined(_ tensors: [Tensor]) throws -> Tensor {
    guard let first = tensors.first, tensors.allSatisfy({ $0.shape == first.shape }) else {
      throw DataError(.mismatch, "samples of different shapes in a batch")
    }
    return Self.tensor(Shape([tensors.count] + first.shape.dropFirst()), tensors)
  }

  /// A tensor of the elements of several: whole numbers stay such.
  private static func tensor(_ shape: Shape, _ parts: [Tensor]) -> Tensor {
    guard let type = parts.first?.dataType, !type.isFloatingPoint else {
      return Tensor(shape: shape, parts.flatMap(\.floats))
    }
    return Tensor(shape: shape, parts.flatMap(\.integers)).cast(to: type)
  }
}
