import BinaryIO
import Tensors

/// A batch as a step takes it.
public struct TrainingBatch: Sendable {
  /// By the names of the graph's inputs.
  public var inputs: [String: Tensor]
  /// What the objective compares the output with.
  public var targets: Tensor
  /// The samples' numbers in their source; those that were left out are not among them.
  public var indices: [Int]
  /// The class of each sample, where it has one.
  public var labels: [Int]
  /// Over how many targets the loss is a mean: one a sample, or one a token.
  public var weight: Int
  /// How many of the step's samples come before these.
  var place = 0

  public init(
    inputs: [String: Tensor], targets: Tensor, indices: [Int], labels: [Int] = [],
    weight: Int? = nil
  ) {
    self.inputs = inputs
    self.targets = targets
    self.indices = indices
    self.labels = labels
    self.weight = weight ?? indices.count
  }

  /// What a source gives when it had to leave out all samples that it was asked for.
  public static let empty = TrainingBatch(
    inputs: [:], targets: Tensor(shape: [0], [Float]()), indices: [])

  public var isEmpty: Bool { indices.isEmpty }
}

/// Where samples come from.
public protocol TrainingSource: Sendable {
  /// How many samples there are.
  var count: Int { get }

  /// The samples of these numbers; the same numbers in the same epoch give the same batch.
  ///
  /// Where bad samples are left out, those of `indices` that are left; `.empty` when none is.
  /// - Throws: with the file named.
  func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch

  /// Whether batches are worth making on another thread while a step runs.
  var prefersReadingAhead: Bool { get }

  /// Whether a sample costs much only when it is first read: then the same process should read it each time.
  var keepsSamples: Bool { get }
}

extension TrainingSource {
  public var prefersReadingAhead: Bool { true }
  public var keepsSamples: Bool { false }
}
