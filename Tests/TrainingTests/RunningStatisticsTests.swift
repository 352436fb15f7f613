import BinaryIO
import Execution
import Kernels
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Training

/// Running statistics of a normalisation follow the batches as its library has it.
@Suite struct RunningStatisticsTests {
  /// Two pictures of two channels and three pixels.
  private static let batch = Tensor(
    shape: [2, 2, 3], [1, 2, 3, 10, 0, 10, 4, 5, 6, 0, 10, 0] as [Float])
  private static let targets = Tensor(shape: [2, 2], [1, 0, 0, 1] as [Float])
  private static let (means, variances) = ([3.5, 5.0], [17.5 / 6, 25.0])

  /// Normalised pictures, averaged, are the classes' logits.
  ///
  /// - Parameter weights: what the normalisation has beside its statistics.
  private func session(
    _ statistics: RunningStatistics, weights: Set<String>, learning: Set<String>
  ) throws -> TrainingSession {
    var graph = Graph(name: "norm")
    let x = graph.addInput("x", TensorType(.float32, [.symbol("batch"), 2, 3]))
    var tensors: [String: Tensor] = [:]
    func weight(_ name: String, _ values: [Float]) -> ValueID {
      guard weights.contains(name) else { return graph.addConstant(name, Tensor(values)) }
      tensors[name] = Tensor(values)
      return graph.addParameter(name, TensorType(.float32, [2]))
    }
    let inputs = [
      weight("scale", [1, 1]), weight("bias", [0, 0]), weight("mean", [8, 0]),
      weight("variance", [1, 2]),
    ]
    let y = graph.add(
      BatchNormalization(epsilon: 1e-3, statistics: statistics), [x] + inputs, name: "norm")
    let squared = graph.add(Mul(), [y, y], name: "squared")
    let kernel = graph.addParameter("kernel", TensorType(.float32, [2, 6]))
    tensors["kernel"] = Tensor(shape: [2, 6], (0..<12).map { Float($0 % 5) / 10 })
    let flat = graph.add(Flatten(), [squared], name: "flat")
    graph.outputs = [graph.add(Linear(), [flat, kernel], name: "logits")]
    func parameters(_ names: Set<String>) throws -> [Parameter] {
      try names.sorted().map { Parameter(name: $0, try #require(tensors[$0])) }
    }
    return try TrainingSession(
      graph: graph,
      weights: { name in
        guard let tensor = tensors[name] else { throw DataError(.malformed, name) }
        return tensor
      }, parameters: parameters(learning), running: parameters(["mean", "variance"]),
      objective: ClassObjective())
  }

  private func running(_ session: TrainingSession) throws -> [Double] {
    _ = try session.step(["x": Self.batch], targets: Self.targets)
    return ["mean", "variance"].flatMap { session.running[$0]?.values.array.map(Double.init) ?? [] }
  }

  private static let all: Set<String> = ["scale", "bias", "mean", "variance"]

  @Test(
    arguments: [
      (RunningStatistics.pyTorch, 0.9, 1.2), (.keras(), 0.99, 1), (.keras(momentum: 0.5), 0.5, 1),
      (.onnx(), 0.9, 1),
    ] as [(RunningStatistics, Double, Double)])
  func theyFollowAsTheLibraryHasIt(
    statistics: RunningStatistics, kept: Double, factor: Double
  ) throws {
    let found = try running(session(statistics, weights: Self.all, learning: ["scale", "kernel"]))
    let new = Self.means + Self.variances.map { $0 * factor }
    let expected = zip([8, 0, 1, 2], new).map { kept * $0 + (1 - kept) * $1 }
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found), not \(expected)")
  }

  /// Keras leaves scales out where the next layer scales as well, and may leave out both.
  @Test(
    arguments: [
      (["bias"], ["bias", "kernel"], true), ([], ["kernel"], true),
      (["scale", "bias"], ["bias"], true), (["scale", "bias"], ["kernel"], false),
      (["bias"], ["kernel"], false),
    ] as [(Set<String>, Set<String>, Bool)])
  func theyFollowWhereverTheNormalisationTakesPart(
    weights: Set<String>, learning: Set<String>, follows: Bool
  ) throws {
    let own = weights.union(["mean", "variance"])
    let found = try running(session(.keras(momentum: 0.5), weights: own, learning: learning))
    #expect((found != [8, 0, 1, 2]) == follows, "\(found)")
  }
}
