import BinaryIO
import Execution
import Kernels
import ModelGraph
import Operators
import OrderedCollections
import Synchronization
import Tensors

/// A graph that learns: forwards to the loss, and back to the gradient of every learning weight.
///
///     let session = try TrainingSession(graph: graph, weights: load, parameters: parameters, objective: ClassObjective())
///     let result = try session.step(["input": pictures], targets: targets)
///     // result.loss; each parameter's gradient has grown
///
/// It is compiled for the shapes of a batch when they first occur. Batch normalisations with a learning scale normalise
/// by the batch, and move their running statistics.
public final class TrainingSession: Sendable {
  /// What a step found.
  public struct Result: Sendable {
    public var loss: Double
    /// The model's first output for the batch, where it is wanted: logits, where it gives probabilities.
    public var output: Tensor?
  }

  /// The weights that learn, in their order.
  public let parameters: [Parameter]

  private let graph: Graph
  let running: [String: Parameter]
  /// How many batches running means have followed, a number each.
  let counters: [Parameter]
  /// Means that always follow: their normalisations have no weights to learn by.
  private let plainMeans: Set<String>
  private let objective: any Objective
  private let options: SessionOptions
  private let givesOutput: Bool
  /// The parameters' places, the one first whose gradient is probably complete first: the graph's last.
  public let backwardOrder: [Int]
  /// The threads of a step, for what comes after it.
  public let pool: ThreadPool
  /// Gradients that are yet to be added to those of earlier batches.
  private let summands = Summands()
  /// How parts of steps are computed twice, where that is asked for: for batches of all shapes.
  let foundWay = FoundWay()
  private let programs = Mutex<[(types: [TensorType], program: Compiled)]>([])

  /// A graph for batches of one shape.
  private struct Compiled: Sendable {
    let session: Session
    let statistics: [Statistics]
  }

  private struct Statistics: Sendable {
    let mean: Parameter
    let variance: Parameter
    let counter: Parameter?
    let rule: RunningStatistics
    /// How many numbers of a batch they are made of.
    let count: Int

    func follow(mean batchMean: [Float], variance batchVariance: [Float]) {
      counter?.values[0] += 1
      for (index, batch) in batchMean.enumerated() {
        mean.values[index] = Float(rule.mean(Double(mean.values[index]), batch: Double(batch)))
      }
      for (index, batch) in batchVariance.enumerated() {
        variance.values[index] = Float(
          rule.variance(Double(variance.values[index]), batch: Double(batch), count: count))
      }
    }
  }

  /// - Parameters:
  ///   - graph: its first output is what the objective judges.
  ///   - weights: the tensors of parameters that do not learn.
  ///   - parameters: those that do, named as in the graph.
  ///   - givesOutput: whether the model's output is wanted beside the loss.
  ///   - running: running means and variances that follow the batches, named as in the graph.
  ///   - counters: numbers that count these batches, named as PyTorch has them beside the means.
  ///   - dropouts: where steps drop; places that the graph does not have are passed over.
  /// - Throws: `.mismatch` for a parameter that the graph does not have.
  public init(
    graph: Graph, weights: (String) throws -> Tensor, parameters: [Parameter],
    running: [Parameter] = [], counters: [Parameter] = [], dropouts: [DropoutPlace] = [],
    objective: any Objective, givesOutput: Bool = true,
    options: SessionOptions = SessionOptions()
  ) throws {
    let own = Dictionary(
      (parameters + running).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var bound = graph.withoutDeadNodes()
    let names = Set(bound.parameters.map { bound[$0].name })
    plainMeans = bound.meansOfPlainNormalisations
    for parameter in parameters where !names.contains(parameter.name) {
      throw DataError(.mismatch, "the graph has no weight '\(parameter.name)'")
    }
    let given = bound.parameters.filter { own[bound[$0].name] != nil }
    bound.parameters = bound.parameters.filter { own[bound[$0].name] == nil }
    bound = try bound.binding(weights)
    for id in given {
      guard let parameter = own[bound[id].name] else { continue }
      bound[id].type = TensorType(.float32, shape: parameter.shape)
    }
    bound.inputs += given
    bound.endBeforeSoftmax()
    let places = dropouts.filter { $0.rate > 0 }
    if !places.isEmpty {
      let key = bound.addInput(
        TrainingSession.key, TensorType(.int64, shape: [DropoutKey.count]))
      try bound.drop(at: places, key: key)
    }
    self.graph = bound
    self.parameters = parameters
    backwardOrder = bound.backwardOrder(of: parameters.map(\.name))
    self.running = Dictionary(running.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    self.counters = counters
    self.objective = objective
    self.givesOutput = givesOutput
    self.options = options
    pool = ThreadPool(threads: max(1, options.threads ?? ThreadPool.defaultThreads))
  }

  /// Runs a batch, and leaves its gradients, times `share`, in the parameters' or adds them to what is there.
  ///
  /// - Parameters:
  ///   - targets: what the objective wants beside the output.
  ///   - share: of a batch that is only a part of a step.
  ///   - adds: whether the parameters have gradients of the step's earlier batches.
  ///   - key: whose random numbers the step has.
  ///   - delivered: told after each part of the run which parameters, by their places, have their gradients: none, mostly.
  /// - Throws: `.mismatch` for inputs that do not fit; `.unsupported` for an operator without a gradient.
  public func step(
    _ inputs: [String: Tensor], targets: Tensor, share: Double = 1, adds: Bool = true,
    key: DropoutKey = DropoutKey(), delivered: (([Int]) throws -> Void)? = nil
  ) throws -> Result {
    let (program, given) = try prepared(inputs, targets, share: share, key)
    let memory = adds ? summands.get(parameters) : parameters.map(\.gradient)
    let outputs = try program.session.run(given, into: memory) { [self] complete in
      if adds { for index in complete { add(memory[index], to: parameters[index].gradient) } }
      try delivered?(complete)
    }
    let first = givesOutput ? 2 : 1
    for (index, one) in program.statistics.enumerated() {
      one.follow(
        mean: outputs[first + 2 * index].tensor.floats,
        variance: outputs[first + 2 * index + 1].tensor.floats)
    }
    return Result(
      loss: outputs[0].tensor.doubles[0], output: givesOutput ? outputs[1].tensor : nil)
  }

  /// What each part of a step does, and how long it took once; gradients are overwritten, running statistics stay.
  public func profile(_ inputs: [String: Tensor], targets: Tensor) throws -> [StepProfile] {
    let (program, given) = try prepared(inputs, targets, share: 1)
    return try program.session.profile(given, into: parameters.map(\.gradient)).steps
  }

  public var threads: Int { pool.threads }

  /// What the values between the layers take in the largest step so far; nil before the first.
  public var memory: ProgramMemory? {
    programs.withLock { $0.compactMap(\.program.session.memory).max { $0.bytes < $1.bytes } }
  }

  /// The program for a batch, and what it takes.
  private func prepared(
    _ inputs: [String: Tensor], _ targets: Tensor, share: Double,
    _ key: DropoutKey = DropoutKey()
  ) throws -> (program: Compiled, given: [String: Tensor]) {
    var given = inputs
    given[TrainingSession.targets] = targets
    given[TrainingSession.key] = key.tensor
    let program = try program(for: given)
    given[TrainingSession.share] = Tensor(shape: [], [Float(share)])
    for parameter in parameters + running.values { given[parameter.name] = parameter.shared }
    let names = Set(program.session.inputs.map(\.name))
    return (program, given.filter { names.contains($0.key) })
  }

  private func add(_ flow: FloatView, to gradient: FloatView) {
    guard flow.count > 0 else { return }
    Elementwise.binary(
      .add, .whole(gradient), .whole(flow), images: 1, rows: 1, columns: flow.count,
      into: gradient, pool: pool)
  }

  /// Names of what the graph takes beside the model's inputs and weights.
  private static let (targets, share, key) = ("targets", "loss/share", "dropout/key")

  private func program(for inputs: [String: Tensor]) throws -> Compiled {
    let types = inputs.sorted { $0.key < $1.key }
      .map { TensorType($0.value.dataType, shape: $0.value.shape) }
    return try programs.withLock { programs in
      if let index = programs.firstIndex(where: { $0.types == types }) {
        // It moves to the end: the first one is the one unused for longest
        let known = programs.remove(at: index)
        programs.append(known)
        return known.program
      }
      let program = try compile(for: inputs)
      programs.append((types, program))
      if programs.count > max(1, options.maximumPrograms) { programs.removeFirst() }
      return program
    }
  }

  private func compile(for inputs: [String: Tensor]) throws -> Compiled {
    var graph = graph
    let types = try graph.inputs.map { id -> TensorType in
      guard let tensor = inputs[graph[id].name] else {
        guard graph[id].type.shape != nil else {
          throw DataError(.mismatch, "the input '\(graph[id].name)' is not given")
        }
        return graph[id].type
      }
      return TensorType(tensor.dataType, shape: tensor.shape)
    }
    graph = try graph.specialised(to: types, maximumBytes: options.maximumBytes ?? 1 << 36)
    graph.outputs = Array(graph.outputs.prefix(1))
    try graph.rewrite(with: [SelectEarly()])
    let learning = Set(parameters.map(\.name))
    let following = learning.union(plainMeans)
    let statistics = try graph.normaliseByBatch { following.contains($0) && !running.isEmpty }
    try graph.inferTypes()
    guard let output = graph.outputs.first else {
      throw DataError(.unsupported, "the model has no output")
    }
    let targets = graph.addInput(
      TrainingSession.targets, try objective.targets(for: graph[output].type))
    let loss = try objective.loss(output, targets, in: &graph)
    let places = Dictionary(
      graph.inputs.map { (graph[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    let values = parameters.compactMap { places[$0.name] }
    try graph.inferTypes()
    let share = graph.addInput(TrainingSession.share, TensorType(.float32, []))
    let type = graph[loss].type
    let seed =
      type.shape == []
      ? share
      : graph.add(
        Expand(), [share, graph.addConstant("loss/shape", Tensor((type.shape ?? []).dimensions))],
        name: "loss/shares")
    let gradients = try graph.addGradients(of: loss, by: values, times: seed)
    graph.outputs =
      (givesOutput ? [loss, output] : [loss])
      + statistics.flatMap { [$0.batchMean, $0.batchVariance] } + gradients
    let placed = (graph.outputs.count - gradients.count)..<graph.outputs.count
    let session = try Session(
      graph: graph, weights: { throw DataError(.malformed, "the weight '\($0)' is not given") },
      options: options, placed: Array(placed), flow: TrainingSession.share, foundWay: foundWay)
    return Compiled(
      session: session,
      statistics: statistics.compactMap { one in
        guard let mean = running[one.mean], let variance = running[one.variance],
          let shape = graph[one.input].type.shape
        else { return nil }
        let name = BatchCounter.name(beside: one.mean)
        return Statistics(
          mean: mean, variance: variance, counter: counters.first { $0.name == name },
          rule: one.rule, count: shape.elementCount / max(shape[1], 1))
      })
  }
}

extension Graph {
  /// The places of names of inputs, in the reverse of the order in which nodes first take them.
  fileprivate func backwardOrder(of names: [String]) -> [Int] {
    var first: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for input in node.inputs.compactMap({ $0 }) {
        let name = self[input].name
        first[name] = first[name] ?? index
      }
    }
    func place(_ index: Int) -> Int { first[names[index]] ?? nodes.count }
    return names.indices.sorted { place($0) == place($1) ? $0 > $1 : place($0) > place($1) }
  }

  /// Where a model ends in probabilities, lets it end in their logits.
  public mutating func endBeforeSoftmax() {
    guard let output = outputs.first,
      let last = nodes.first(where: { $0.outputs.contains(output) }),
      last.operator is Softmax, let logits = last.inputs[0]
    else { return }
    outputs[0] = logits
  }
}

/// Memory for gradients, made when it is first wanted.
private final class Summands: Sendable {
  private let views = Mutex<[FloatView]>([])

  func get(_ parameters: [Parameter]) -> [FloatView] {
    views.withLock { views in
      if views.isEmpty { views = parameters.map { FloatView(zeros: $0.gradient.count) } }
      return views
    }
  }
}
