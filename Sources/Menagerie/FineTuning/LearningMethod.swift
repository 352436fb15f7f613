import Execution
import Formats
import HuggingFaceConverter
import ModelGraph
import Tensors
import Training

/// Which of a model's weights learn, and what becomes of them.
///
/// A new method is a file in `Methods` with a type like this, and a line in `LearningMethods`.
public protocol LearningMethod: Sendable {
  /// For `--method`.
  static var name: String { get }
  /// For lists, in a few words.
  static var summary: String { get }
  /// Whether it learns adapters, which can be written without the model.
  static var learnsAdapters: Bool { get }
  /// The learning rate that is usual for it.
  static func usualRate(optimizer: String) -> Double

  /// The task's model, ready to learn so.
  static func prepare(
    _ task: any LearningTask, _ options: FineTuningOptions
  ) throws -> LearningModel
}

extension LearningMethod {
  public static var learnsAdapters: Bool { false }
}

/// All methods, the usual one first.
public enum LearningMethods {
  public static let all: [any LearningMethod.Type] = [
    HeadMethod.self, FullMethod.self, LowRankMethod.self,
  ]

  public static var names: [String] { all.map { $0.name } }
}

/// A model that is ready to learn: a graph, and which of its weights move.
public struct LearningModel: Sendable {
  /// Its first output is judged.
  public var graph: Graph
  /// The weights that learn, by their names in the graph.
  public var parameters: [Parameter]
  /// Running means and variances that follow the batches.
  public var running: [Parameter]
  /// How many batches these have followed since the file was read, where it counts them: a number beside each mean.
  var counters: [Parameter]
  /// The tensors of the other weights.
  public var weights: @Sendable (String) throws -> Tensor
  /// The model with weights as they are now, in the names and types that it came in.
  public var result: @Sendable () throws -> Model
  /// What was learnt as a file of adapters; nil for a method without.
  var adapter: (@Sendable () throws -> PEFTAdapter)?
  /// Adapters that stand in the graph.
  var adapters: [LowRankAdapter] = []
  /// Whether what is computed before the first learning weight is kept for each sample: where that is little.
  public var keepsFeatures = false

  /// All weights of a model, or those that are chosen.
  ///
  ///     let learning = try LearningModel(model)
  ///     let session = try learning.session(ClassObjective())
  ///
  /// - Parameter isLearning: asked of each name in the graph. Running statistics follow the batches where one learns that
  ///   normalises by them.
  public init(_ model: Model, where isLearning: (String) -> Bool = { _ in true }) throws {
    let graph = try model.graph().judgedPart
    let statistics = graph.runningStatistics
    let names = graph.parameters.map { graph[$0].name }
    try self.init(
      model, learning: names.filter { !statistics.contains($0) && isLearning($0) },
      running: statistics.sorted())
  }

  /// Weights of a model, where they are.
  ///
  /// - Parameters:
  ///   - learning: names in the graph. Those that hold no real numbers stay.
  ///   - running: names of statistics.
  public init(_ model: Model, learning: [String], running statistics: [String]) throws {
    let table = WeightTable(model.weights)
    let parameters = try learning.compactMap { name in
      let tensor = try table.tensor(name)
      return tensor.dataType.isReal ? Parameter(name: name, tensor) : nil
    }
    let running = try statistics.map { Parameter(name: $0, try table.tensor($0)) }
    let names = Set(statistics.compactMap { BatchCounter.name(beside: $0) })
    let counts = try model.weights.map(\.entry).filter {
      names.contains($0.name) && $0.dataType.isInteger
    }.map { (before: try $0.load(), since: BatchCounter.parameter($0.name)) }
    graph = try model.graph().judgedPart
    self.parameters = parameters
    self.running = running
    counters = counts.map(\.since)
    weights = { try table.tensor($0) }
    result = {
      let counted = counts.map { ($0.since.name, BatchCounter.sum($0.before, $0.since)) }
      return try model.withWeights(
        Dictionary(
          (parameters + running).map { ($0.name, $0.tensor) } + counted,
          uniquingKeysWith: { a, _ in a }))
    }
  }

  /// What trains it for an objective of its first output.
  /// - Throws: as `TrainingSession` does.
  public func session(
    _ objective: any Objective, options: SessionOptions = SessionOptions()
  ) throws -> TrainingSession {
    try TrainingSession(
      graph: graph, weights: weights, parameters: parameters, running: running,
      counters: counters, objective: objective, options: options)
  }

  /// The tensor of any weight as it is now.
  public func tensor(_ name: String) throws -> Tensor {
    try (parameters + running).first { $0.name == name }?.tensor ?? weights(name)
  }
}

extension Graph {
  /// What the first output, which is judged, follows from.
  var judgedPart: Graph {
    var graph = self
    graph.outputs = Array(outputs.prefix(1))
    return graph.withoutDeadNodes()
  }
}
