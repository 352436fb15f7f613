import BinaryIO
import Collectives
import Kernels
import Operators
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
  /// Of all processes together.
  public let batchSize: Int
  /// How many batches make a step, one after the other, as if they were one.
  public let accumulation: Int
  public let epochs: Int
  public let order: EpochOrder
  public var clipping: GradientClipping?
  /// Whether a parameter learns in an epoch; all do when nil.
  public var isLearning: (@Sendable (_ name: String, _ epoch: Int) -> Bool)?
  /// Whether a step whose loss is no number is left out, and counted.
  public var skipsBad = false
  /// Steps that were left out, and how many of them in a row now.
  public private(set) var skippedSteps: [DataError] = []
  private var skippedInRow = 0
  /// The weights' average, which follows each step.
  public private(set) var average: WeightAverage?

  /// Where the run is; batches are those of a step.
  public private(set) var epoch = 0
  public private(set) var batch = 0
  public private(set) var step = 0
  let running: [Parameter]
  let communicator: any Communicator
  /// Nil where there is no other process.
  let exchange: GradientExchange?
  /// Whether all processes are known to have the same weights.
  private var isAligned: Bool
  private var feed: BatchFeed?
  private var pool: ThreadPool { session.pool }

  /// - Parameters:
  ///   - averageDecay: how much of the weights' average stays at each step; nil keeps no average.
  ///   - running: running statistics that are part of a state.
  ///   - communicator: with whom batches are shared: each takes its part, and all come to the same weights.
  public init(
    _ session: TrainingSession, _ optimization: Optimization, _ rate: LearningRate,
    source: any TrainingSource, batchSize: Int, epochs: Int, accumulation: Int = 1,
    averageDecay: Double? = nil, seed: UInt64 = 0, shuffles: Bool = true,
    running: [Parameter] = [], communicator: any Communicator = LoneCommunicator()
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
    self.communicator = communicator
    isAligned = communicator.size == 1
    exchange = isAligned ? nil : GradientExchange(session, communicator)
    if let exchange { self.optimization.keep(exchange.isOwn) }
    order = EpochOrder(count: source.count, seed: seed, shuffles: shuffles)
    average = averageDecay.map {
      WeightAverage(of: session.parameters.map(\.values), decay: $0, warmsUp: true)
    }
  }

  /// What follows the batches without a gradient.
  private var following: [Parameter] { running + session.counters }

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
  /// - Throws: what the source throws; `.malformed` when loss or gradients are no numbers: the weights are then those before
  ///   the step.
  public mutating func runStep(_ observe: (Progress) throws -> Void = { _ in }) throws {
    try align()
    if feed?.epoch != epoch || feed?.next != batch {
      feed = BatchFeed(
        source, order, epoch: epoch, size: batchSize, parts: accumulation,
        share: BatchShare(communicator, keepsSamples: source.keepsSamples), first: batch,
        threads: pool.threads - 1)
    }
    guard let parts = try feed?.take() else {
      (epoch, batch) = (epoch + 1, 0)
      return
    }
    let own = Double(parts.reduce(0) { $0 + $1.weight })
    let counts = try communicator.sum([own, Double(parts.reduce(0) { $0 + $1.indices.count })])
    let weight = counts[0]
    guard weight > 0 else {
      advance()
      return
    }
    let statistics = following.map(\.values.array)
    let resting = resting
    let part = try learn(parts.filter { $0.weight > 0 }, of: weight, resting: resting)
    let loss = try communicator.sum([part])[0]
    try exchange?.average(running, share: own / weight)
    // Where processes share gradients, their loss alone tells
    let norm = exchange == nil ? GradientClipping.norm(of: session.parameters, pool: pool) : 0
    guard loss.isFinite, norm.isFinite else {
      for (parameter, values) in zip(following, statistics) { parameter.values.copy(from: values) }
      try exchange?.abandon()
      try leaveOut(parts, loss: loss)
      return
    }
    skippedInRow = 0
    let rate = rate.rate(at: step)
    let clipped = try follow(rate: rate, resting: resting, norm: norm)
    let updating = pool
    average?.update(pool: updating)
    step += 1
    let progress = Progress(
      epoch: epoch, batch: batch + 1, batches: batches, step: step,
      samples: Int(counts[1]), loss: loss, rate: rate, gradientNorm: clipped)
    advance()
    try observe(progress)
  }

  /// Leaves the gradients of batches, as parts of a step; returns their part of its loss.
  private func learn(
    _ parts: [TrainingBatch], of weight: Double, resting: Set<String>
  ) throws -> Double {
    exchange?.begin()
    let parameters = session.parameters
    var loss = 0.0
    for (index, part) in parts.enumerated() {
      let share = Double(part.weight) / weight
      let key = DropoutKey(
        seed: order.seed, step: step, first: part.place, samples: part.indices.count)
      let result = try session.step(
        part.inputs, targets: part.targets, share: share, adds: index > 0, key: key
      ) { complete in
        guard index == parts.count - 1 else { return }
        for place in complete where resting.contains(parameters[place].name) {
          parameters[place].gradient.fill(0)
        }
        try exchange?.deliver(complete)
      }
      loss += share * result.loss
    }
    // Where others have the step's samples, this one adds nothing
    if parts.isEmpty { for parameter in parameters { parameter.gradient.fill(0) } }
    try exchange?.deliverRest()
    return loss
  }

  /// Lets the weights follow their gradients; returns the gradients' norm, where they are clipped.
  ///
  /// - Parameter own: their norm, where no other process has a part of them.
  private mutating func follow(
    rate: Double, resting: Set<String>, norm own: Double
  ) throws -> Double? {
    guard let exchange else {
      clipping?.apply(to: session.parameters, norm: own, pool: pool)
      optimization.step(rate: rate, resting: resting, pool: pool)
      return clipping == nil ? nil : own
    }
    var norm: Double?
    if let clipping {
      let found = try exchange.norm(pool: pool)
      clipping.apply(to: exchange.own, norm: found, pool: pool)
      norm = found
    }
    for bucket in exchange.plan.buckets.indices {
      let own = try exchange.complete(bucket)
      if !own.isEmpty {
        optimization.step(rate: rate, resting: resting, of: own, pool: pool)
      }
      try exchange.share(bucket)
    }
    try exchange.finish()
    return norm
  }

  /// Lets all processes begin with the weights of the first.
  private mutating func align() throws {
    guard !isAligned else { return }
    let numbers = session.parameters.reduce(0) { $0 + $1.values.count }
    let facts = [
      ("samples to learn from", source.count), ("numbers that learn", numbers),
      ("epochs done", epoch), ("steps done", step), ("steps of the epoch done", batch),
    ]
    for (what, own) in facts {
      let all = try communicator.gathered(Double(own))
      guard let other = all.firstIndex(where: { $0 != all[0] }) else { continue }
      throw DataError(
        .mismatch, "process \(other) has \(Int(all[other])) \(what), the first \(Int(all[0]))",
        remedy: "give all processes the same model, data and folder to --resume")
    }
    for parameter in session.parameters + running {
      try communicator.broadcast(parameter.values, from: 0).wait()
    }
    isAligned = true
  }

  /// How many steps in a row may be left out.
  private static let mostSkipped = 10

  /// What becomes of a step that would ruin the weights.
  private mutating func leaveOut(_ parts: [TrainingBatch], loss: Double) throws {
    let samples = parts.flatMap(\.indices)
    let named = samples.prefix(8).map(String.init).joined(separator: ", ")
    let what = loss.isFinite ? "gradients became infinite" : "the loss became \(loss)"
    let error = DataError(
      .malformed,
      "\(what) in step \(step + 1) (epoch \(epoch + 1), batch \(batch + 1)), learning rate "
        + "\(Float(rate.rate(at: step))), samples \(named)\(samples.count > 8 ? ", …" : "")",
      expected: "a number", remedy: "take a smaller learning rate, or clip gradients")
    skippedInRow += 1
    guard exchange == nil, skipsBad, skippedInRow < Trainer.mostSkipped else { throw error }
    skippedSteps.append(error)
    advance()
  }

  /// Whether all weights are numbers still.
  public var isSound: Bool {
    GradientClipping.isFinite(session.parameters.map(\.values), pool: pool)
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

  /// Where the run is, to be kept: of what the optimiser remembers, this process's part.
  public var state: TrainingState { state(optimizer: optimization.state) }

  /// Where the run of all processes is, at the first of them; nil elsewhere. All call it.
  public func gatheredState() throws -> TrainingState? {
    guard let exchange else { return state }
    return try optimization.gathered(communicator, owner: exchange.owner).map(state)
  }

  /// Lets the first process have the state of the whole optimiser, as a lone one has it. All call it.
  public mutating func gatherOptimizer() throws {
    guard let exchange else { return }
    try optimization.gather(communicator, owner: exchange.owner)
  }

  private func state(optimizer: OrderedDictionary<String, Tensor>) -> TrainingState {
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for parameter in session.parameters + following { tensors[parameter.name] = parameter.tensor }
    for (name, tensor) in optimizer { tensors["optimizer.\(name)"] = tensor }
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
    let all = session.parameters + following
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
    isAligned = exchange == nil
    rate.schedule.memory = state.numbers(under: "schedule.")
  }
}
