import BinaryIO
import Collectives
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
  /// Where several processes share the work, all call it, and the first one alone judges, writes and logs.
  /// - Parameters:
  ///   - folder: where the run's state is kept, so that it can go on there when it was stopped; nil keeps none.
  ///   - interval: seconds between states within an epoch.
  ///   - logs: where the run is written down.
  ///   - observe: told of each step; what it throws ends the run, which can go on from the last state.
  ///   - report: told of each epoch.
  ///   - kept: told after which step the state in the folder goes on, whenever there is a new one.
  /// - Returns: what happened, earlier parts of the run included.
  /// - Throws: what reading data throws; `.malformed` when the loss is no number any more, with the state that is left.
  @discardableResult
  public mutating func run(
    resumingIn folder: String? = nil, every interval: Double = 30, logs: [any RunLog] = [],
    observe: (Trainer.Progress) throws -> Void = { _ in },
    report: (EpochReport) throws -> Void = { _ in },
    kept: (Int) -> Void = { _ in }
  ) throws -> RunHistory {
    let signature = signature
    let state = try folder.map { try opened($0) }
    var history = RunHistory()
    var logs = communicator.isFirst ? logs : []
    var keptStep: Int?
    func keeps(_ step: Int) {
      keptStep = step
      kept(step)
    }
    if let state {
      if let earlier = try state.load(signature) {
        try restore(earlier)
        history = state.history(until: earlier)
        keeps(earlier.step)
      }
      // The first one writes the log anew, when all have read it
      try communicator.meet()
      if communicator.isFirst { logs.append(try state.log()) }
    }
    for log in logs { try log.begin(history) }
    var saved = System.seconds
    func save() throws {
      try checkWeights()
      guard let state else { return }
      if let all = try gatheredState() { try state.save(all, signature) }
      saved = System.seconds
      keeps(trainer.step)
    }
    func isTimeToSave() throws -> Bool {
      guard state != nil else { return false }
      return try communicator.agreed(System.seconds - saved) > interval
    }
    func learnEpoch() throws {
      let start = System.seconds
      let began = trainer.epoch
      // A step at a time, so that the state between steps can be kept
      repeat {
        try trainer.runStep { step in
          history.add(step)
          for log in logs { try log.add(step) }
          try observe(step)
        }
        if trainer.epoch == began, try isTimeToSave() { try save() }
      } while trainer.epoch == began
      guard let loss = history.loss(ofEpoch: began) else {
        throw task.skipped.first ?? trainer.skippedSteps.first
          ?? DataError(.malformed, "an epoch without a sample")
      }
      try checkWeights()
      var epoch = EpochReport(epoch: trainer.epoch, step: trainer.step, loss: loss, seconds: 0)
      if let verdict = try judged() {
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
    do {
      while !isFinished { try learnEpoch() }
    } catch let error as DataError {
      throw FineTuner.saying(what: keptStep, isLeftIn: folder, error)
    }
    if best?.restore() == true { trainer.forgetAverage() }
    // It may be written with the weights
    try trainer.gatherOptimizer()
    return history
  }

  /// A state of ruined weights would take the place of a good one.
  private func checkWeights() throws {
    guard !trainer.isSound else { return }
    throw DataError(
      .malformed, "the weights became infinite by step \(trainer.step)", expected: "numbers",
      remedy: "take a smaller learning rate, or clip gradients")
  }

  /// An error that ended the run, with where the run can go on.
  private static func saying(
    what step: Int?, isLeftIn folder: String?, _ error: DataError
  ) -> DataError {
    guard let folder else { return error }
    let left =
      step.map { "the state of step \($0) is in \(folder)" } ?? "no state was kept until then"
    var error = error
    error.remedy = [error.remedy, left].compactMap { $0 }.joined(separator: "; ")
    return error
  }

  /// Steps that were left out, since they would have ruined the weights.
  public var skippedSteps: [DataError] { trainer.skippedSteps }

  /// Tries learning rates, and says what loss each gives; the weights are then what they were.
  public mutating func findRate() throws -> RateFinder { try trainer.find() }

  /// Whether all epochs are done, or more of them are of no use.
  public var isFinished: Bool { trainer.isFinished || best?.isOver == true }

  /// What the first process finds the model to be worth, for all; metrics are its own. Nil when there is nothing to judge by.
  private func judged() throws -> (loss: Double, metrics: [Metric])? {
    guard hasValidation else { return nil }
    let verdict = communicator.isFirst ? try evaluate() : nil
    return (try communicator.agreed(verdict?.loss ?? 0), verdict?.metrics ?? [])
  }

  /// What tells the run from others.
  private var signature: RunSignature {
    var signature = RunSignature()
    signature.add("task", type(of: task).name)
    options.add(to: &signature, processes: communicator.size)
    signature.add("data", task.signature)
    return signature
  }

  /// The folder of a run's state, which the first process makes.
  private func opened(_ folder: String) throws -> FineTuningState {
    if !communicator.isFirst { try communicator.meet() }
    let state = try FineTuningState(folder: folder)
    if communicator.isFirst { try communicator.meet() }
    return state
  }

  /// All that the run needs to go on, at the first process; nil elsewhere.
  private func gatheredState() throws -> TrainingState? {
    guard var state = try trainer.gatheredState() else { return nil }
    best?.add(to: &state)
    return state
  }

  private mutating func restore(_ state: TrainingState) throws {
    try trainer.restore(state)
    try best?.take(from: state)
  }
}
