import BinaryIO
import Execution
import ModelGraph
import Operators
import Tensors
import Training

/// Times steps of training: forwards to the loss, back to every weight's gradient, and AdamW's update.
///
/// All weights learn from one batch. Its labels are whole numbers, as many as the first output has rows of scores.
public struct TrainingBenchmark: Sendable {
  public let session: TrainingSession
  /// The loss of every step so far, which says that two libraries do the same work.
  public private(set) var losses: [Double] = []

  private var optimization: Optimization
  private let inputs: [String: Tensor]
  private let targets: Tensor
  private let rate = 1e-4

  /// - Parameter arrays: the model's inputs, and `targets`.
  /// - Throws: `.mismatch` without targets; `.unsupported` for a model that cannot learn.
  public init(
    _ model: Model, arrays: [String: Tensor], options: SessionOptions = SessionOptions()
  ) throws {
    guard let targets = arrays["targets"], targets.dataType.isInteger else {
      throw DataError(
        .mismatch, "there are no labels", expected: "whole numbers, as an array 'targets'")
    }
    let learning = try LearningModel(model)
    self.targets = targets
    inputs = arrays.filter { $0.key != "targets" }
    session = try TrainingSession(
      graph: learning.graph, weights: learning.weights, parameters: learning.parameters,
      running: learning.running, objective: TokenObjective(), givesOutput: false, options: options)
    optimization = Optimization(
      AdamW(),
      ParameterGroup.groups(learning.parameters, weightDecay: 0.01, decays: .all))
  }

  public var threads: Int { session.threads }

  /// Samples of a step.
  public var batch: Int { targets.shape.first ?? 1 }

  /// One step; gives its seconds.
  public mutating func step() throws -> Double {
    let start = System.seconds
    losses.append(try session.step(inputs, targets: targets, adds: false).loss)
    optimization.step(rate: rate, pool: session.pool)
    return System.seconds - start
  }

  /// What each part of a step takes at best of a few steps, but for the optimiser's.
  public func profile() throws -> [StepProfile] {
    var best = try session.profile(inputs, targets: targets)
    for _ in 0..<4 {
      best = zip(best, try session.profile(inputs, targets: targets))
        .map { $0.duration < $1.duration ? $0 : $1 }
    }
    return best
  }
}
