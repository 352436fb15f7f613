import BinaryIO
import Tensors
import Training

extension FineTuner {
  /// What is known after an epoch.
  public struct EpochReport: Sendable {
    /// Counted from 1.
    public var epoch: Int
    /// Steps of the run so far.
    public var step: Int
    /// The mean of the training's steps.
    public var loss: Double
    /// On samples that were not learnt from; nil when there are none.
    public var validationLoss: Double?
    /// How good the model is at these, what matters most first.
    public var metrics: [Metric] = []
    public var seconds: Double

    public init(
      epoch: Int, step: Int, loss: Double, validationLoss: Double? = nil, metrics: [Metric] = [],
      seconds: Double
    ) {
      self.epoch = epoch
      self.step = step
      self.loss = loss
      self.validationLoss = validationLoss
      self.metrics = metrics
      self.seconds = seconds
    }

    public subscript(metric: String) -> Double? { metrics.first { $0.name == metric }?.value }
  }

  /// Learns for all epochs that are left, or until more of them are of no use.
  ///
  /// - Parameters:
  ///   - folder: where the run's state is kept, so that it can go on there when it was stopped; nil keeps none.
  ///   - interval: seconds between states within an epoch.
  ///   - logs: where the run is written down.
  ///   - observe: told of each step; what it throws ends the run, which can go on from the last state.
  ///   - report: told of each epoch.
  /// - Returns: what happened, earlier parts of the run included.
  /// - Throws: what reading data throws; `.malformed` when the loss is no number any more.
  @discardableResult
  public mutating func run(
    resumingIn folder: String? = nil, every interval: Double = 30, logs: [any RunLog] = [],
    observe: (Trainer.Progress) throws -> Void = { _ in },
    report: (EpochReport) throws -> Void = { _ in }
  ) throws -> RunHistory {
    let state = try folder.map { try FineTuningState(folder: $0) }
    let signature = options.signature + [("data", task.signature)]
    var history = RunHistory()
    var logs = logs
    if let state {
      if let earlier = try state.load(signature) {
        try restore(earlier)
        history = state.history(until: earlier)
      }
      logs.append(try state.log())
    }
    for log in logs { try log.begin(history) }
    var saved = System.seconds
    func save() throws {
      try state?.save(self.state, signature)
      saved = System.seconds
    }
    while !isFinished {
      let start = System.seconds
      let began = trainer.epoch
      // A step at a time, so that the state between steps can be kept
      repeat {
        try trainer.runStep { step in
          history.add(step)
          for log in logs { try log.add(step) }
          try observe(step)
        }
        if trainer.epoch == began, System.seconds - saved > interval { try save() }
      } while trainer.epoch == began
      guard let loss = history.loss(ofEpoch: began) else {
        throw task.skipped.first ?? DataError(.malformed, "an epoch without a sample")
      }
      var epoch = EpochReport(epoch: trainer.epoch, step: trainer.step, loss: loss, seconds: 0)
      if let verdict = try evaluate() {
        (epoch.validationLoss, epoch.metrics) = (verdict.loss, verdict.metrics)
        trainer.observe(metric: verdict.loss, isLoss: true)
        trainer.withAverage { best?.observe(loss: verdict.loss) }
      }
      epoch.seconds = System.seconds - start
      history.add(epoch)
      for log in logs { try log.add(epoch) }
      try save()
      try report(epoch)
    }
    if best?.restore() == true { trainer.forgetAverage() }
    return history
  }

  /// Tries learning rates, and says what loss each gives; the weights are then what they were.
  public mutating func findRate() throws -> RateFinder { try trainer.find() }

  /// Whether all epochs are done, or more of them are of no use.
  public var isFinished: Bool { trainer.isFinished || best?.isOver == true }

  /// All that the run needs to go on.
  private var state: TrainingState {
    var state = trainer.state
    best?.add(to: &state)
    return state
  }

  private mutating func restore(_ state: TrainingState) throws {
    try trainer.restore(state)
    try best?.take(from: state)
  }
}
