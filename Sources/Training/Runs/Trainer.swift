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
  public let epochs: Int
  public let order: EpochOrder
  public var clipping: GradientClipping?

  /// Where the run is.
  public private(set) var epoch = 0
  public private(set) var batch = 0
  public private(set) var step = 0
  private let running: [Parameter]
  /// The batches of the epoch that the run is in, drawn when it begins.
  private var drawn: (epoch: Int, batches: [[Int]]) = (-1, [])
  private let pool: ThreadPool

  /// A step that has been made.
  public struct Progress: Sendable {
    public var epoch: Int
    /// Batches of the epoch that are done, and all of them.
    public var batch: Int
    public var batches: Int
    /// Steps of the run so far.
    public var step: Int
    public var samples: Int
    public var loss: Double
    public var rate: Double
    /// The norm of all gradients, where they are clipped.
    public var gradientNorm: Double?
  }

  /// - Parameter running: running statistics that are part of a state.
  public init(
    _ session: TrainingSession, _ optimization: Optimization, _ rate: LearningRate,
    source: any TrainingSource, batchSize: Int, epochs: Int, seed: UInt64 = 0,
    running: [Parameter] = [], threads: Int? = nil
  ) {
    self.session = session
    self.optimization = optimization
    self.rate = rate
    self.source = source
    self.batchSize = batchSize
    self.epochs = epochs
    self.running = running
    order = EpochOrder(count: source.count, seed: seed)
    pool = ThreadPool(threads: max(1, threads ?? ThreadPool.defaultThreads))
  }

  /// Batches of an epoch.
  public var batches: Int { order.batchCount(size: batchSize) }

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
    if drawn.epoch != epoch {
      drawn = (epoch, order.batches(epoch: epoch, size: batchSize))
    }
    let batches = drawn.batches
    guard batches.indices.contains(batch) else {
      epoch += 1
      return
    }
    let samples = try source.batch(batches[batch], epoch: epoch)
    guard !samples.isEmpty else {
      advance(batches.count)
      return
    }
    for parameter in session.parameters { parameter.gradient.fill(0) }
    let result = try session.step(samples.inputs, targets: samples.targets)
    guard result.loss.isFinite else {
      throw DataError(
        .malformed, "the loss became \(result.loss) in epoch \(epoch + 1), step \(step + 1)",
        expected: "a number", remedy: "take a smaller learning rate, or clip gradients")
    }
    let norm = clipping.map { $0.clip(session.parameters, pool: pool) }
    let rate = rate.rate(at: step)
    optimization.step(rate: rate, pool: pool)
    step += 1
    let progress = Progress(
      epoch: epoch, batch: batch + 1, batches: batches.count, step: step,
      samples: samples.indices.count, loss: result.loss, rate: rate, gradientNorm: norm)
    advance(batches.count)
    try observe(progress)
  }

  private mutating func advance(_ batches: Int) {
    batch += 1
    if batch == batches { (epoch, batch) = (epoch + 1, 0) }
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
    return TrainingState(
      tensors: tensors, epoch: epoch, batch: batch, step: step, schedule: rate.schedule.memory)
  }

  /// Goes on from a state.
  /// - Throws: `.mismatch` for a state of other weights or another optimiser; nothing is changed then.
  public mutating func restore(_ state: TrainingState) throws {
    let prefix = "optimizer."
    var own: OrderedDictionary<String, Tensor> = [:]
    for (name, tensor) in state.tensors where name.hasPrefix(prefix) {
      own[String(name.dropFirst(prefix.count))] = tensor
    }
    let all = session.parameters + running
    for parameter in all {
      guard let tensor = state.tensors[parameter.name], tensor.shape == parameter.shape else {
        let found = state.tensors[parameter.name].map { "is \($0.shape)" } ?? "is missing"
        throw DataError(
          .mismatch, found, expected: "\(parameter.shape)", subject: "tensor '\(parameter.name)'")
      }
    }
    guard state.epoch >= 0, (0..<max(batches, 1)).contains(state.batch), state.step >= 0 else {
      throw DataError(
        .mismatch, "epoch \(state.epoch), batch \(state.batch)",
        expected: "a place among \(batches) batches")
    }
    try optimization.restore(own)
    for parameter in all {
      if let tensor = state.tensors[parameter.name] {
        parameter.values.copy(from: FloatView(tensor))
      }
    }
    (epoch, batch, step) = (state.epoch, state.batch, state.step)
    rate.schedule.memory = state.schedule
  }
}
