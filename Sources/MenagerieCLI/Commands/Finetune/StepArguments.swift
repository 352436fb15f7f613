import ArgumentParser
import Execution
import Menagerie
import Training

/// How steps are made.
struct StepArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "How often all samples are seen.")
  var epochs = FineTuningOptions().epochs

  @Option(parsing: .unconditional, help: "How many samples each process learns from at a time.")
  var batch = FineTuningOptions().batchSize

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many batches make a step.", valueName: "n"))
  var accumulate = 1

  @Option(
    name: .customLong("lr"), parsing: .unconditional,
    help: ArgumentHelp(
      "The learning rate; by default that of the file's optimizer, or else what is usual for method and optimizer."
    ))
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "\(OptimizerRegistry.names.joined(separator: ", ")). By default that of the model's file, or else adamw.",
      valueName: "name"))
  var optimizer: String?

  @Flag(help: "Leave the state of the optimizer that the model's file may have.")
  var freshOptimizer = false

  @Option(parsing: .unconditional, help: "The momentum of sgd (0.9) and rmsprop.")
  var momentum: Double?

  @Option(parsing: .unconditional, help: "Weight decay; norms and biases are spared.")
  var weightDecay: Double?

  @Option(
    help: ArgumentHelp(
      "How the rate changes: \(ScheduleRegistry.names.joined(separator: ", ")).",
      valueName: "name"))
  var schedule = FineTuningOptions().schedule

  @Option(
    parsing: .unconditional, help: "The share of the steps in which the rate grows from nothing.")
  var warmup = 0.0

  @Option(parsing: .unconditional, help: "Bounds the norm of all gradients together.")
  var clip: Double?

  @Option(parsing: .unconditional, help: "The share of each target that goes to all classes alike.")
  var labelSmoothing = 0.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The share that steps drop where the model's library drops some, instead of what its configuration says; 0 for nothing.",
      valueName: "share"))
  var dropout: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The share of samples that pass by the last residual layer; earlier ones have less (stochastic depth).",
      valueName: "share"))
  var dropPath: Double?

  @Option(
    name: .customLong("ema"), parsing: .unconditional,
    help: ArgumentHelp(
      "Keeps the weights' moving average, of which so much stays at each step (0.999), and gives that.",
      valueName: "decay"))
  var averageDecay: Double?

  @Option(
    name: .customLong("early-stopping"), parsing: .unconditional,
    help: ArgumentHelp(
      "Ends after so many validations in a row that were no better, with the best weights.",
      valueName: "n"))
  var patience: Int?

  @Option(
    help: ArgumentHelp(
      "What matrix products multiply: float32, or bfloat16 with weights and sums in float32.",
      valueName: "type"))
  var precision = ProductPrecision.float32

  @Flag(
    help:
      "Keep fewer values between the layers and compute them again on the way back: less memory, 10 to 20 % more time, the same weights."
  )
  var recompute = false

  @Option(parsing: .unconditional, help: "One seed, one result.")
  var seed: UInt64 = 0

  func apply(to options: inout FineTuningOptions) {
    options.epochs = epochs
    options.batchSize = batch
    options.accumulation = accumulate
    options.rate = rate
    options.optimizer = optimizer
    options.beginsAnew = freshOptimizer
    if let momentum { options.optimizerSettings["momentum"] = momentum }
    options.weightDecay = weightDecay
    options.schedule = schedule
    options.warmup = warmup
    options.clip = clip
    options.labelSmoothing = labelSmoothing
    options.dropout = dropout
    options.dropPath = dropPath
    options.averageDecay = averageDecay
    options.patience = patience
    options.products = precision
    options.recomputes = recompute
    options.seed = seed
  }
}

extension ProductPrecision: ExpressibleByArgument {}
