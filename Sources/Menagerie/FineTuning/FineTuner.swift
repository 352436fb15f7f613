import BinaryIO
import Collectives
import Execution
import Formats
import HuggingFaceConverter
import Kernels
import ModelGraph
import Tensors
import Training

/// Lets a model learn from a person's data.
///
///     var tuner = try FineTuner(Model(contentsOf: "resnet18.pth"), data: "flowers/")
///     try tuner.run()
///     try Converter().convert(tuner.model(), to: "mine.safetensors")
public struct FineTuner {
  /// What was asked for, and where nobody asked, what the checkpoint's optimiser says.
  public let options: FineTuningOptions
  /// What is learnt, from which data.
  public let task: any LearningTask

  let learning: LearningModel
  /// With whom the work is shared.
  let communicator: any Communicator
  let start: OptimizerStart
  /// The part of the graph that the trainer has.
  private let graph: Graph
  private let validation: any TrainingSource
  var trainer: Trainer
  /// What steps drop, and why so much, a sentence each.
  public let dropoutNotes: [String]
  /// What was best so far, where more epochs may be of no use.
  var best: BestWeights?

  /// What a judge found.
  public struct Verdict: Sendable {
    public var loss: Double
    public var metrics: [Metric]
    public var judge: any Judge
  }

  /// - Parameters:
  ///   - data: a folder or a file; what is learnt from it follows from it and the model, or from `options.task`.
  ///   - communicator: with whom the work is shared; each of them makes a `FineTuner` of the same model, data and options.
  /// - Throws: `DataError` for data that cannot be learnt from, or a model that cannot learn, with what is wrong.
  public init(
    _ model: Model, data: String, options: FineTuningOptions = FineTuningOptions(),
    communicator: any Communicator = LoneCommunicator()
  ) throws {
    try options.checked()
    let task = try LearningTasks.task(options.task, model, data: data)
    var options = options
    try options.checkHeeded(by: task)
    options.method = options.method ?? task.usualMethod
    try self.init(
      task.init(model, data: data, options: options), options: options,
      communicator: communicator)
  }

  /// Learns a task of the program's own.
  public init(
    _ task: some LearningTask, options: FineTuningOptions = FineTuningOptions(),
    communicator: any Communicator = LoneCommunicator()
  ) throws {
    self.task = task
    self.communicator = communicator
    var options = options
    options.method = options.method ?? type(of: task).usualMethod
    var learning = try options.checked().method.prepare(task, options)
    try learning.freeze(options.frozen, of: task.model)
    self.learning = learning
    guard !learning.parameters.isEmpty else {
      throw DataError(
        .unsupported, "nothing of it would learn with the method \(options.methodName)",
        path: task.model.path)
    }
    let start = try OptimizerStart(learning, of: task.model, options)
    options = start.options
    self.start = start
    self.options = options
    let (_, optimizer, schedule) = try options.checked()
    let whole = learning.graph
    let own = Set(learning.parameters.map(\.name))
    let (frozen, rest) = whole.split(
      learning: Set(whole.parameters.filter { own.contains(whole[$0].name) }))
    var training = task.training
    if frozen.nodes.isEmpty || task.isVarying || !learning.keepsFeatures {
      graph = whole
      validation = task.validation
    } else {
      let session = try Session(
        graph: frozen, weights: learning.weights, options: options.session)
      let computed = Set(frozen.outputs.map { frozen[$0].name })
      let passing = Set(rest.inputs.map { rest[$0].name }).subtracting(computed)
      graph = rest
      validation = FrozenFeatures(task.validation, through: session, passing: passing)
      training = FrozenFeatures(training, through: session, passing: passing)
    }
    let plan = try DropoutPlan(
      task.model, whole: whole, graph: graph, adapters: learning.adapters, options)
    dropoutNotes = plan.notes
    let session = try TrainingSession(
      graph: graph, weights: learning.weights, parameters: learning.parameters,
      running: learning.running, counters: learning.counters, dropouts: plan.places,
      objective: task.objective, givesOutput: false, options: options.session)
    let depth = ModelDepth(learning.namesInOrder)
    let decay = options.weightDecay ?? type(of: optimizer).usualWeightDecay
    let groups = ParameterGroup.groups(
      learning.parameters,
      weightDecay: {
        start.weightDecay(of: $0.name) ?? (WeightDecayRule.matrices.includes($0) ? decay : 0)
      },
      rateFactor: {
        start.rateFactor(of: $0) * depth.rateFactor(of: $0, decay: options.layerDecay)
      })
    var optimization = Optimization(optimizer, groups)
    try namingFile(task.model.path) {
      try optimization.restore(start.memory(of: learning.parameters, optimizer))
    }
    let batchSize = options.batchSize * communicator.size
    let batches = (training.count + batchSize - 1) / batchSize
    let perEpoch = (batches + options.accumulation - 1) / options.accumulation
    let steps = perEpoch * options.epochs
    let rate = LearningRate(
      options.rate ?? options.usualRate, schedule, totalSteps: steps,
      warmupSteps: Int((options.warmup * Double(steps)).rounded()))
    trainer = Trainer(
      session, optimization, rate, source: training,
      batchSize: batchSize, epochs: options.epochs, accumulation: options.accumulation,
      averageDecay: options.averageDecay, seed: options.seed, shuffles: options.shuffles,
      running: learning.running, communicator: communicator)
    trainer.skipsBad = options.skipsBad
    trainer.clipping = options.clip.map { .norm($0) }
    if let count = options.unfreezing {
      trainer.isLearning = { depth.learns($0, epoch: $1, perEpoch: count) }
    }
    best = options.patience.map {
      BestWeights(learning.parameters + learning.running + learning.counters, patience: $0)
    }
  }
}

extension FineTuner {
  /// How many numbers learn, and how many the model has.
  public var parameterCounts: (learning: Int, all: Int) {
    let all = task.model.weights.reduce(0) { $0 + $1.entry.shape.elementCount }
    return (learning.parameters.reduce(0) { $0 + $1.shape.elementCount }, all)
  }

  /// What makes the steps; it knows what a step's values take once one was made.
  public var session: TrainingSession { trainer.session }

  /// How the optimiser begins, where the checkpoint has a state of one.
  public var notes: [String] { start.notes }

  /// Epochs that are done.
  public var epoch: Int { trainer.epoch }

  /// Whether samples were set aside.
  var hasValidation: Bool { validation.count > 0 }

  /// How good the model is at samples that were set aside; nil when there are none.
  ///
  /// Each process may ask alone: it judges by all samples.
  public func evaluate() throws -> Verdict? {
    guard validation.count > 0 else { return nil }
    var judge = task.judge()
    let session = try trainer.withAverage {
      try EvaluationSession(
        graph: graph, weights: learning.tensor, objective: task.objective,
        givesOutputs: judge.wantsOutputs, options: SessionOptions(threads: options.threads))
    }
    var (loss, weight) = (0.0, 0)
    for start in stride(from: 0, to: validation.count, by: options.batchSize) {
      let indices = Array(start..<min(start + options.batchSize, validation.count))
      let batch = try validation.batch(indices, epoch: 0)
      guard !batch.isEmpty else { continue }
      let result = try session.run(batch)
      loss += result.loss * Double(batch.weight)
      weight += batch.weight
      if let output = result.output { judge.add(output, batch) }
    }
    let mean = loss / Double(max(weight, 1))
    return Verdict(loss: mean, metrics: judge.metrics(loss: mean), judge: judge)
  }

  /// The model with the weights as they are now, or their average where one is kept, in the names and types that it came in.
  public func model() throws -> Model {
    // What the file's optimiser remembers is of weights that were
    try trainer.withAverage { try learning.result() }.with(optimizer: nil)
  }

  /// Whether an adapter could be written there.
  /// - Throws: `.unwritable` for a folder that is not there, or one that holds something else.
  public static func check(adapterOutput path: String) throws {
    try StagedOutput.check(path: path, mayReplace: PEFTAdapter.isAdapter)
  }

  /// Writes what was learnt as `peft` keeps adapters: a directory that belongs to the model that it began with.
  /// - Throws: `.unsupported` when the method learns no adapter.
  public func writeAdapter(to path: String) throws {
    guard let adapter = learning.adapter else {
      throw DataError(
        .unsupported, "the method \(options.methodName) learns no adapter", path: path)
    }
    try trainer.withAverage { try adapter() }.write(to: path)
  }
}
