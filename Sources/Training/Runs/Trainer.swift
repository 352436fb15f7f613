import BinaryIO
import Kernels
import OrderedCollections
import Tensors

/// A run of training: batches in the order that follows from the seed, a step for each, epoch after epoch.
///
///     var trainer = Trainer(session, optimization, rate, source: pictures, batchSize: 8, epochs: 5)
///     try trainer.run { progress in print(progress.loss) }
public struct Trainer {
  public let session: TrainingSession
  public private(set) var optimization: Optimization
  public private(set) var rate: LearningRate
  public let source: any TrainingSource
  public let batchSize: Int
  /// How many batches make a step, one after the other, as if they were one.
  public let accumulation: Int
  public let epochs: Int
  public let order: EpochOrder
  public var clipping: GradientClipping?
  /// Whether a parameter learns in an epoch; all do when nil.
  public var isLearning: (@Sendable (_ name: String, _ epoch: Int) -> Bool)?
  /// The weights' average, which follows each step.
  public private(set) var average: WeightAverage?

  /// Where the run is; batches are those of a step.
  public private(set) var epoch = 0
  public private(set) var batch = 0
  public private(set) var step = 0
  private let running: [Parameter]
  private var feed: BatchFeed?
  private let pool: ThreadPool

  /// - Parameters:
  ///   - averageDecay: how much of the weights' average stays at each step; nil keeps no average.
  ///   - running: running statistics that are part of a state.
  public init(
    _ session: TrainingSession, _ optimization: Optimization, _ rate: LearningRate,
    source: any TrainingSource, batchSize: Int, epochs: Int, accumulation: Int = 1,
    averageDecay: Double? = nil, seed: UInt64 = 0, shuffles: Bool = true,
    running: [Parameter] = [], threads: Int? = nil
  ) {
    precondition(batchSize > 0 && accumulation > 0, "\(accumulation) batches of \(batchSize)")
    self.session = session
    self.optimization = optimization
    self.rate = rate
    self.source = source
    self.batchSize = batchSize
    self.accumulation = accumulation
    self.epochs = epochs
    self.running = running
    order = EpochOrder(count: source.count, seed: seed, shuffles: shuffles)
    pool = ThreadPool(threads: max(1, threads ?? ThreadPool.defaultThreads))
    average = averageDecay.map {
      WeightAverage(of: session.parameters.map(\.values), decay: $0, warmsUp: true)
    }
  }

  /// Steps of an epoch.
  public var batches: Int {
    (order.batchCount(size: batchSize) + accumulation - 1) / accumulation
  }

  public var isFinished: Bool { epoch >= epochs }

  /// Goes on from where the run is to the end of its epoch.
  /// - Throws: as `runStep`.
  public mutating func runEpoch(_ observe: (Progress) throws -> Void = { _ in }) throws {
    let began = epoch
    while epoch == began, !isFinished { try runStep(observe) }
  }

  /// Makes the next step.
  ///
  /// - Throws: what the source throws; `.malformed` when the loss is no number: the weights are then those before the step.
  public mutating func runStep(_ observe: (Progress) throws -> Void = { _ in }) throws {
    if feed?.epoch != epoch || feed?.next != batch {
      feed = BatchFeed(
        source, order, epoch: epoch, size: batchSize, parts: accumulation, first: batch,
        threads: pool.threads - 1)
    }
    guard let parts = try feed?.take() else {
      (epoch, batch) = (epoch + 1, 0)
      return
    }
    let weight = parts.reduce(0) { $0 + $1.weight }
    guard weight > 0 else {
      advance()
      return
    }
    var (loss, adds) = (0.0, false)
    for part in parts where part.weight > 0 {
      let share = Double(part.weight) / Double(weight)
      let result = try session.step(
        part.inputs, targets: part.targets, share: share, adds: adds)
      loss += share * result.loss
      adds = true
    }
    guard loss.isFinite else {
      throw DataError(
        .malformed, "the loss became \(loss) in epoch \(epoch + 1), step \(step + 1)",
        expected: "a number", remedy: "take a smaller learning rate, or clip gradients")
    }
    let resting = resting
    for parameter in session.parameters where resting.contains(parameter.name) {
      parameter.gradient.fill(0)
    }
    let norm = clipping.map { $0.clip(session.parameters, pool: pool) }
    let rate = rate.rate(at: step)
    optimization.step(rate: rate, resting: resting, pool: pool)
    let updating = pool
    average?.update(pool: updating)
    step += 1
    let progress = Progress(
      epoch: epoch, batch: batch + 1, batches: batches, step: step,
      samples: parts.reduce(0) { $0 + $1.indices.count }, loss: loss, rate: rate,
      gradientNorm: norm)
    advance()
    try observe(progress)
  }

  /// The parameters that do not learn in this epoch.
  private var resting: Set<String> {
    guard let isLearning else { return [] }
    return Set(session.parameters.map(\.name).filter { !isLearning($0, epoch) })
  }

  private mutating func advance() {
    batch += 1
    if batch == batches { (epoch, batch) = (epoch + 1, 0) }
  }

  /// Tries learning rates, from small to large, on batches in their order; weights are then what they were.
  ///
  /// - Throws: what the source throws.
  public mutating func find(_ finder: RateFinder = RateFinder()) throws -> RateFinder {
    var finder = finder
    let before = state
    defer { try? restore(before) }
    let given = rate
    defer { rate = given }
    var isOn = true
    while isOn, let next = finder.nextRate {
      rate = LearningRate(next, ConstantSchedule(), totalSteps: 1)
      var loss = Double.infinity
      do {
        try runStep { loss = $0.loss }
      } catch let error as DataError where error.code == .malformed && step > before.step {
        // A loss that is no number is what the end of the search looks like
        break
      }
      guard loss.isFinite else { continue }
      isOn = finder.observe(loss: loss)
    }
    return finder
  }

  /// Lets the weights be what counts, not their average.
  public mutating func forgetAverage() { average = nil }

  /// Calls `body` while the weights are their average, where one is kept.
  public func withAverage<R>(_ body: () throws -> R) rethrows -> R {
    average?.swap()
    defer { average?.swap() }
    return try body()
  }

  /// Tells the schedule how good the model is.
  public mutating func observe(metric: Double, isLoss: Bool) {
    rate.schedule.observe(metric, isLoss: isLoss)
  }

  /// Where the run is, to be kept.
  public var state: TrainingState {
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for parameter in session.parameters + running { tensors[parameter.name] = parameter.tensor }
    for (name, tensor) in optimization.state { tensors["optimizer.\(name)"] = tensor }
    var numbers: [String: Double] = [:]
    for (name, number) in rate.schedule.memory { numbers["schedule.\(name)"] = number }
    if let average {
      for (parameter, values) in zip(session.parameters, average.values) {
        tensors["average.\(parameter.name)"] = Tensor(shape: parameter.shape, values)
      }
      numbers["average.steps"] = Double(average.steps)
    }
    return TrainingState(
      tensors: tensors, epoch: epoch, batch: batch, step: step, numbers: numbers)
  }

  /// Goes on from a state.
  /// - Throws: `.mismatch` for a state of other weights or another optimiser; nothing is changed then.
  public mutating func restore(_ state: TrainingState) throws {
    let all = session.parameters + running
    let values = try state.values(of: all)
    let averages =
      try average == nil ? [] : state.values(of: session.parameters, under: "average.")
    guard state.epoch >= 0, (0..<max(batches, 1)).contains(state.batch), state.step >= 0 else {
      throw DataError(
        .mismatch, "epoch \(state.epoch), batch \(state.batch)",
        expected: "a place among \(batches) batches")
    }
    try optimization.restore(state.tensors(under: "optimizer."))
    for (parameter, tensor) in zip(all, values) {
      parameter.values.copy(from: FloatView(tensor))
    }
    let steps = state.numbers["average.steps"].flatMap { Int(exactly: $0) } ?? 0
    if average != nil { _ = average?.restore(averages.map(\.floats), steps: steps) }
    (epoch, batch, step) = (state.epoch, state.batch, state.step)
    feed = nil
    rate.schedule.memory = state.numbers(under: "schedule.")
  }
}
