import BinaryIO
import Execution
import Formats
import Glibc
import Images
import Kernels
import ModelGraph
import Operators
import OrderedCollections
import Tensors
import Training

/// Lets a model learn from a folder of pictures.
///
///     var tuner = try FineTuner(Model(contentsOf: "resnet18.pth"), pictures: "flowers/")
///     try tuner.run()
///     try Converter().convert(tuner.model(), to: "mine.safetensors")
public struct FineTuner {
  public let options: FineTuningOptions
  public let pictures: PictureFolder
  /// Whether the layer of classes was made anew, since the model's had another number of them.
  public let isHeadNew: Bool
  /// Set when nothing says how the model wants its pictures, so that scaling to 0…1 is a guess.
  public let isPreprocessingGuessed: Bool

  private let base: Model
  private let graph: Graph
  private let parameters: [Parameter]
  private let running: [Parameter]
  private let validation: any TrainingSource
  private var trainer: Trainer

  /// What is known after an epoch.
  public struct EpochReport: Sendable {
    /// Counted from 1.
    public var epoch: Int
    /// The mean of the training's steps.
    public var loss: Double
    /// On pictures that were not learnt from; nil when there are none.
    public var validationLoss: Double?
    public var accuracy: Double?
    public var seconds: Double
  }

  /// - Parameter pictures: `<split>/<class>/<file>` or `<class>/<file>`.
  /// - Throws: `DataError` for data that cannot be learnt from, or a model that cannot learn, with what is wrong.
  public init(
    _ model: Model, pictures path: String, options: FineTuningOptions = FineTuningOptions()
  ) throws {
    let (optimizer, schedule) = try options.checked()
    self.options = options
    pictures = try PictureFolder(
      path, validationShare: options.validationShare, seed: options.seed,
      skipsBad: options.skipsBad)
    let given = try model.graph()
    guard given.inputs.count == 1, let id = given.inputs.first,
      let input = PictureInput(given[id], preprocessing: model.preprocessing)
    else {
      throw DataError(
        .unsupported, "does not take one picture, so that it cannot learn from pictures",
        path: model.path)
    }
    (base, isHeadNew) = try model.withClasses(pictures.classes, seed: options.seed)
    let whole = try base.graph()
    isPreprocessingGuessed = model.preprocessing == nil

    let head = try ClassifierHead(of: whole)
    let norms = whole.runningStatistics
    let learning = whole.parameters.map { whole[$0].name }.filter {
      options.method == .full ? !norms.contains($0) : head.names.contains($0)
    }
    let table = WeightTable(base.weights)
    parameters = try learning.compactMap { name in
      let tensor = try table.tensor(name)
      return tensor.dataType.isReal ? Parameter(name: name, tensor) : nil
    }
    running =
      try options.method == .full
      ? norms.sorted().map { Parameter(name: $0, try table.tensor($0)) } : []

    let folder = pictures
    func source(
      _ entries: [PictureFolder.Entry], _ augmentation: Augmentation?, smoothing: Double
    ) -> any TrainingSource {
      PictureSource(
        loader: PictureLoader(
          entries, input.preprocessing, augmentation: augmentation, seed: options.seed,
          skipsBad: options.skipsBad),
        input: input, classes: folder.classes.count, labelSmoothing: smoothing)
    }
    let training = source(
      folder.training, options.isAugmented ? Augmentation() : nil,
      smoothing: options.labelSmoothing)
    let judging = source(folder.validation, nil, smoothing: 0)
    let sessionOptions = SessionOptions(threads: options.threads)
    let ids = Set(whole.parameters.filter { learning.contains(whole[$0].name) })
    let (frozen, rest) = whole.split(learning: ids)
    if frozen.nodes.isEmpty || options.isAugmented {
      graph = whole
      validation = judging
      trainer = try FineTuner.trainer(
        whole, table, parameters, running, optimizer, schedule, training, options)
    } else {
      let session = try Session(
        graph: frozen, weights: { try table.tensor($0) }, options: sessionOptions)
      graph = rest
      validation = FrozenFeatures(judging, through: session)
      trainer = try FineTuner.trainer(
        rest, table, parameters, running, optimizer, schedule,
        FrozenFeatures(training, through: session), options)
    }
  }

  private static func trainer(
    _ graph: Graph, _ table: WeightTable, _ parameters: [Parameter], _ running: [Parameter],
    _ optimizer: any Optimizer, _ schedule: any Schedule, _ source: any TrainingSource,
    _ options: FineTuningOptions
  ) throws -> Trainer {
    let session = try TrainingSession(
      graph: graph, weights: { try table.tensor($0) }, parameters: parameters, running: running,
      objective: ClassObjective(), options: SessionOptions(threads: options.threads))
    let decay = options.weightDecay ?? type(of: optimizer).usualWeightDecay
    let groups = ParameterGroup.groups(parameters, weightDecay: decay)
    let batches = (source.count + options.batchSize - 1) / options.batchSize
    let steps = batches * options.epochs
    let rate = LearningRate(
      options.rate ?? options.usualRate, schedule, totalSteps: steps,
      warmupSteps: Int((options.warmup * Double(steps)).rounded()))
    var trainer = Trainer(
      session, Optimization(optimizer, groups), rate, source: source,
      batchSize: options.batchSize, epochs: options.epochs, seed: options.seed, running: running,
      threads: options.threads)
    trainer.clipping = options.clip.map { .norm($0) }
    return trainer
  }
}

extension FineTuner {
  /// How many numbers learn, and how many the model has.
  public var parameterCounts: (learning: Int, all: Int) {
    let all = base.weights.reduce(0) { $0 + $1.entry.shape.elementCount }
    return (parameters.reduce(0) { $0 + $1.shape.elementCount }, all)
  }

  /// Epochs that are done.
  public var epoch: Int { trainer.epoch }

  /// Learns for all epochs that are left.
  ///
  /// - Parameters:
  ///   - folder: where the run's state is kept, so that it can go on there when it was stopped; nil keeps none.
  ///   - interval: seconds between states within an epoch.
  ///   - observe: told of each step; what it throws ends the run, which can go on from the last state.
  ///   - report: told of each epoch.
  /// - Throws: what reading data throws; `.malformed` when the loss is no number any more.
  public mutating func run(
    resumingIn folder: String? = nil, every interval: Double = 30,
    observe: (Trainer.Progress) throws -> Void = { _ in },
    report: (EpochReport) -> Void = { _ in }
  ) throws {
    let state = try folder.map { try FineTuningState(folder: $0) }
    let signature = options.signature + [("data", dataSignature)]
    if let state, let earlier = try state.load(signature) { try trainer.restore(earlier) }
    let clock = ContinuousClock()
    var saved = clock.now
    while !trainer.isFinished {
      let start = clock.now
      var (loss, steps) = (0.0, 0)
      var running = trainer
      let began = trainer.epoch
      // A step at a time, so that the state between steps can be kept
      repeat {
        try running.runStep { progress in
          loss += progress.loss
          steps += 1
          try observe(progress)
        }
        trainer = running
        if let state, running.epoch == began,
          clock.now - saved > .seconds(interval)
        {
          try state.save(running.state, signature)
          saved = clock.now
        }
      } while running.epoch == began
      var epoch = EpochReport(
        epoch: trainer.epoch, loss: loss / Double(max(steps, 1)), seconds: 0)
      if let (found, accuracy) = try evaluate() {
        (epoch.validationLoss, epoch.accuracy) = (found, accuracy)
        trainer.observe(metric: found, isLoss: true)
      }
      epoch.seconds = (clock.now - start) / .seconds(1)
      if let state {
        try state.save(trainer.state, signature)
        saved = clock.now
      }
      report(epoch)
    }
  }

  /// What was learnt from, in a word: how many pictures of which classes.
  private var dataSignature: String {
    "\(pictures.training.count) pictures of \(pictures.classes.joined(separator: ", "))"
  }

  /// Loss and accuracy on the pictures that were set aside; nil when there are none.
  public func evaluate() throws -> (loss: Double, accuracy: Double)? {
    guard validation.count > 0 else { return nil }
    let session = try session()
    let classes = pictures.classes.count
    var score = ClassificationScore(classes: classes, tops: [])
    var loss = 0.0
    for start in stride(from: 0, to: validation.count, by: options.batchSize) {
      let indices = Array(start..<min(start + options.batchSize, validation.count))
      let batch = try validation.batch(indices, epoch: 0)
      let rows = try session.run(batch.inputs)[0].tensor.floats
      for (row, label) in batch.labels.enumerated() {
        let scores = rows[(row * classes)..<((row + 1) * classes)]
        let best = Double(scores.max() ?? 0)
        let total = scores.reduce(0) { $0 + exp(Double($1) - best) }
        loss -= Double(scores[scores.startIndex + label]) - best - log(total)
        score.add(scores: scores, label: label)
      }
    }
    return (loss / Double(max(score.confusion.total, 1)), score.accuracy)
  }

  /// The part of the model that the trainer has, with the weights as they are now, to be run as it will be.
  private func session() throws -> Session {
    let table = WeightTable(base.weights)
    let current = Dictionary(
      (parameters + running).map { ($0.name, $0.tensor) }, uniquingKeysWith: { a, _ in a })
    var logits = graph
    logits.endBeforeSoftmax()
    return try Session(
      graph: logits, weights: { try current[$0] ?? table.tensor($0) },
      options: SessionOptions(threads: options.threads))
  }

  /// The model with the weights as they are now, in the names and types that it came in.
  public func model() throws -> Model {
    try base.withWeights(
      Dictionary(
        (parameters + running).map { ($0.name, $0.tensor) }, uniquingKeysWith: { a, _ in a }))
  }
}

extension Graph {
  /// Names of the means and variances that batch normalisations keep.
  fileprivate var runningStatistics: Set<String> {
    var names: Set<String> = []
    for node in nodes where node.operator is BatchNormalization {
      for id in node.inputs.dropFirst(3) { if let id { names.insert(self[id].name) } }
    }
    return names
  }
}
