import BinaryIO
import Execution
import Training

/// How a model is to learn.
public struct FineTuningOptions: Sendable {
  /// What is learnt, of `LearningTasks`; what model and data look like when nil.
  public var task: String?
  /// What learns, of `LearningMethods`; what is usual for the task when nil.
  public var method: String?
  /// How `lora` adapts a layer.
  public var lowRank = LowRankSettings()
  /// Which modules `lora` adapts: names or ends of names, `all-linear`, `all`; the usual ones when empty.
  public var targetModules: [String] = []
  /// The adapter that `lora` begins with, a directory of `peft`'s; its settings count then.
  public var adapter: String?
  /// The share that is dropped on the way to the adapter's matrices, where it begins with an adapter; what that says when nil.
  public var adapterDropout: Double?
  /// The share of elements that steps drop wherever the model's library drops some; what the model's configuration or
  /// its library says when nil. 0 drops nothing at all.
  public var dropout: Double?
  /// The share of samples that pass by the last layer that has a way around it; the first has 0, others what lies between.
  public var dropPath: Double?
  /// Names of weights that do not learn, with `*` and `?`: the file's, or the graph's.
  public var frozen: [String] = []
  /// How much of the rate of the next layer each layer has: below 1, those near the input learn less.
  public var layerDecay = 1.0
  /// How many layers more learn each epoch, beginning with the last; nil for all at once.
  public var unfreezing: Int?
  public var epochs = 10
  /// Samples that each process learns from at a time.
  public var batchSize = 16
  /// How many batches make a step, one after the other, as if they were one.
  public var accumulation = 1
  /// The learning rate; when nil, that of the checkpoint's optimiser, or else `usualRate`.
  public var rate: Double?
  /// One of `OptimizerRegistry`; nil for that of the checkpoint's state, or else `adamw`.
  public var optimizer: String?
  /// Whether the checkpoint's optimiser is forgotten.
  public var beginsAnew = false
  /// By the optimiser's own names: `momentum`, `beta1` …
  public var optimizerSettings: [String: Double] = [:]
  /// Nil for what is usual for the optimiser.
  public var weightDecay: Double?
  public var schedule = "cosine"
  public var scheduleSettings: [String: Double] = [:]
  /// The share of all steps in which the rate grows from nothing.
  public var warmup = 0.0
  /// Bounds the norm of all gradients together.
  public var clip: Double?
  /// The share of each target that goes to all classes alike.
  public var labelSmoothing = 0.0
  /// How much of the weights' average stays at each step; the average is what the run gives then.
  public var averageDecay: Double?
  /// How many validations in a row may be no better before the run ends, with the weights that were best.
  public var patience: Int?
  public var seed: UInt64 = 0
  /// Whether samples are seen in another order each epoch, or as they lie.
  public var shuffles = true
  /// How much of each class is set aside to judge the model, where the data has no part for it.
  public var validationShare = 0.2
  public var pictures = PictureOptions()
  /// Where texts are in the data, and how long they may be.
  public var texts = TextLearningOptions()
  /// Whether samples that cannot be read are left out.
  public var skipsBad = false
  public var threads: Int?
  /// What numbers are rounded to before they are multiplied; weights, sums and all else stay float32.
  public var products = ProductPrecision.float32
  /// Whether steps keep fewer values on their way forwards, and compute them again on the way back, to take less memory.
  public var recomputes = false

  public init() {}

  /// How the graph is run.
  var session: SessionOptions {
    SessionOptions(threads: threads, products: products, recomputes: recomputes)
  }

  /// What is usual for the method: the head begins from nothing, the rest should not forget.
  public var usualRate: Double {
    let own = LearningMethods.all.first { $0.name == methodName }
    return (own ?? HeadMethod.self).usualRate(optimizer: optimizerName)
  }

  /// The method; the first of all where nobody says one. A `FineTuner`'s options say that of its task.
  public var methodName: String { method ?? LearningMethods.names[0] }

  /// The optimiser that is taken when the checkpoint has none.
  public var optimizerName: String { optimizer ?? AdamW.name }

  /// The method, the optimiser and the schedule that are named.
  /// - Throws: `.mismatch` for a name that is none, or a number that makes no sense, with what would.
  @discardableResult
  public func checked() throws -> (
    method: any LearningMethod.Type, optimizer: any Optimizer, schedule: any Schedule
  ) {
    func require(_ holds: Bool, _ found: String, _ expected: String) throws {
      if !holds { throw DataError(.mismatch, found, expected: expected) }
    }
    try require((1...1_000_000).contains(epochs), "\(epochs) epochs", "1 or more")
    try require((1...65_536).contains(batchSize), "batches of \(batchSize)", "1 to 65536")
    if let rate {
      try require(rate > 0 && rate.isFinite, "a learning rate of \(rate)", "more than 0")
    }
    for (rate, what) in [
      (dropout, "dropout"), (dropPath, "drop-path"), (adapterDropout, "lora-dropout"),
    ] {
      guard let rate else { continue }
      try require((0..<1).contains(rate), "a \(what) of \(rate)", "0 to below 1")
    }
    if let weightDecay {
      try require(
        weightDecay >= 0 && weightDecay.isFinite, "a weight decay of \(weightDecay)", "0 or more")
    }
    if let clip { try require(clip > 0, "gradients clipped to \(clip)", "more than 0") }
    try require((0..<1).contains(labelSmoothing), "smoothing of \(labelSmoothing)", "0 to below 1")
    try require(
      layerDecay > 0 && layerDecay <= 1, "a decay of \(layerDecay) from layer to layer",
      "more than 0, at most 1")
    if let unfreezing {
      try require(
        (1...1_000_000).contains(unfreezing), "\(unfreezing) layers an epoch", "1 or more")
    }
    try require((0...1).contains(warmup), "a warm-up of \(warmup)", "a share of the steps, 0 to 1")
    try require(
      (0..<1).contains(validationShare), "\(validationShare) of the data set aside",
      "a share, 0 to below 1")
    try require((1...65_536).contains(accumulation), "\(accumulation) batches a step", "1 to 65536")
    if let averageDecay {
      try require((0..<1).contains(averageDecay), "an average of \(averageDecay)", "0 to below 1")
    }
    if let patience { try require(patience >= 0, "a patience of \(patience)", "0 or more") }
    try pictures.check()
    if method == LowRankMethod.name, adapter == nil { try lowRank.check() }
    guard let method = LearningMethods.all.first(where: { $0.name == methodName }) else {
      throw DataError(
        .mismatch, "no method '\(methodName)'",
        expected: LearningMethods.names.joined(separator: ", "))
    }
    var settings = optimizerSettings
    // Without it, steps are too small for anyone's patience; every recipe has it
    if optimizerName == SGD.name, settings["momentum"] == nil { settings["momentum"] = 0.9 }
    return (
      method,
      try OptimizerRegistry.optimizer(named: optimizerName, settings: settings),
      try ScheduleRegistry.schedule(named: schedule, settings: scheduleSettings)
    )
  }
}
