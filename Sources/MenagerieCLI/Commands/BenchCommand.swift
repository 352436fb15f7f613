import ArgumentParser
import BinaryIO
import Execution
import JSON
import Menagerie
import ModelGraph
import Tensors

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time a model on noise, or on arrays.",
    discussion: """
      A model that writes text is timed reading a prompt and writing after it, beside the memory's speed, which bounds \
      the writing.
      """)

  @Argument(help: "A model file, or a Hugging Face directory.", completion: .file())
  var model: String

  @OptionGroup var threads: ThreadOptions

  @Option(parsing: .unconditional, help: "Items at a time.")
  var batch = 1

  @Option(
    help: ArgumentHelp("Arrays for the model's inputs (.npz or .npy).", valueName: "in.npz"),
    completion: .file())
  var inputs: String?

  @Option(
    help: ArgumentHelp("What matrix products multiply: float32 or bfloat16.", valueName: "type"))
  var dtype = "float32"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens that a model that writes text reads first.", valueName: "n"))
  var promptTokens = 128

  @Option(parsing: .unconditional, help: "How long to measure.")
  var seconds = 2.0

  @Flag(help: "Time steps of training by AdamW; --inputs has the labels as 'targets'.")
  var train = false

  @Flag(help: "With --train: keep fewer values and compute them again on the way back.")
  var recompute = false

  @Flag(help: "The time of each step of one run.")
  var profile = false

  @Flag(help: "One JSON document.")
  var json = false

  func validate() throws {
    guard (1...4096).contains(batch) else {
      throw ValidationError("--batch \(batch): expected 1 to 4096")
    }
    guard (1...1_000_000).contains(promptTokens) else {
      throw ValidationError("--prompt-tokens \(promptTokens): expected 1 or more")
    }
    guard inputs == nil || batch == 1 else {
      throw ValidationError("--inputs gives the items, and --batch their number")
    }
    guard !train || inputs != nil else {
      throw ValidationError("--train needs --inputs with the labels as 'targets'")
    }
    guard train || !recompute else { throw ValidationError("--recompute needs --train") }
    guard ProductPrecision(rawValue: dtype) != nil else {
      throw ValidationError("--dtype \(dtype): expected float32 or bfloat16")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds \(seconds): expected up to 3600")
    }
  }

  var options: SessionOptions {
    SessionOptions(
      threads: threads.count, products: ProductPrecision(rawValue: dtype) ?? .float32,
      recomputes: recompute)
  }

  func run() throws {
    let start = System.seconds
    let loaded = try Model(contentsOf: model, options: options)
    if train, let inputs { return try runTraining(loaded, arrays: inputs, startedAt: start) }
    if inputs == nil, GenerativeBenchmark.accepts(loaded) {
      return try runGeneration(loaded, startedAt: start)
    }
    let session = try loaded.session()
    let feeds =
      try inputs.map { try loaded.arrays(at: $0) } ?? loaded.sampleInputs(batch: batch)
    let items = session.inputs.first.flatMap { feeds[$0.name]?.shape.first } ?? batch
    try session.prepare(for: feeds)
    _ = try loaded.run(feeds)
    let loadMilliseconds = (System.seconds - start) * 1000
    let steps = try session.profile(feeds).steps
    let operations = steps.reduce(0) { $0 + $1.operations }
    var times: [Double] = []
    let end = System.seconds + seconds
    while times.count < 3 || System.seconds < end {
      Terminal.progress("run \(times.count + 1) …")
      let start = System.seconds
      _ = try session.run(feeds)
      times.append(System.seconds - start)
    }
    Terminal.endProgress()
    let run = Spread(times)
    let rate = Double(operations) / run.median / 1e9
    if json {
      Terminal.say(json: [
        "latencyMilliseconds": run.milliseconds,
        "loadMilliseconds": .number(loadMilliseconds), "gigaflopsPerSecond": .number(rate),
        "peakResidentBytes": .integer(System.peakResidentBytes),
        "threads": .integer(session.threads), "batch": .integer(items), "dtype": .string(dtype),
        "runs": .integer(times.count),
        "profile": profile ? .array(steps.map(BenchCommand.json)) : .null,
      ])
      return
    }
    if profile { show(steps) }
    Terminal.say(
      """
      median \(Quantities.fixed(run.median * 1000, 2)) ms, best \(Quantities.fixed(run.least * 1000, 2)) ms of \(times.count) runs \
      (batch \(items), \(session.threads) thread\(session.threads == 1 ? "" : "s"), \(dtype))
      \(Quantities.fixed(rate, 1)) GFLOP/s; ready after \(Quantities.fixed(loadMilliseconds, 0)) ms; \
      peak memory \(Quantities.bytes(System.peakResidentBytes))
      """)
  }

  static func json(_ step: StepProfile) -> JSONValue {
    [
      "name": .string(step.name), "kind": .string(step.kind),
      "milliseconds": .number(milliseconds(step)), "operations": .integer(step.operations),
    ]
  }

  private static func milliseconds(_ step: StepProfile) -> Double {
    let (seconds, attoseconds) = step.duration.components
    return Double(seconds) * 1000 + Double(attoseconds) * 1e-15
  }

  func show(_ steps: [StepProfile]) {
    let width = min(steps.map(\.kind.count).max() ?? 0, 40)
    for step in steps {
      let time = BenchCommand.milliseconds(step)
      let rate =
        step.operations > 0 ? Quantities.fixed(Double(step.operations) / time / 1e6, 0) : "-"
      let shown = Quantities.fixed(time, 3)
      Terminal.say(
        "\(String(repeating: " ", count: max(0, 9 - shown.count)))\(shown) ms  "
          + "\(String(repeating: " ", count: max(0, 4 - rate.count)))\(rate) GFLOP/s  \(step.kind.padded(to: width))  \(step.name)"
      )
    }
  }
}
