import BinaryIO
import Execution
import Formats
import JSON
import Menagerie
import NumPyConverter
import Tensors

extension BenchCommand {
  /// Steps of training, which begin with a few that count for the losses alone.
  func runTraining(_ model: Model, arrays path: String, startedAt start: Double) throws {
    var arrays: [String: Tensor] = [:]
    for array in try NPZ.read(path) { arrays[array.name] = try array.load() }
    var bench = try TrainingBenchmark(model, arrays: arrays, options: options)
    for _ in 0..<3 { _ = try bench.step() }
    let loadMilliseconds = (System.seconds - start) * 1000
    var times: [Double] = []
    let end = System.seconds + seconds
    while times.count < 3 || System.seconds < end {
      Terminal.progress("step \(times.count + 1) …")
      times.append(try bench.step())
    }
    Terminal.endProgress()
    let peak = System.peakResidentBytes
    let steps = profile ? try bench.profile() : []
    let step = Spread(times)
    let losses = bench.losses
    if json {
      Terminal.say(json: [
        "latencyMilliseconds": step.milliseconds,
        "loadMilliseconds": .number(loadMilliseconds), "peakResidentBytes": .integer(peak),
        "threads": .integer(bench.threads), "batch": .integer(bench.batch),
        "dtype": .string(dtype), "runs": .integer(times.count),
        "values": bench.session.memory?.json ?? .null,
        "losses": .array(losses.prefix(3).map { .number($0) }),
        "profile": profile ? .array(steps.map(BenchCommand.json)) : .null,
      ])
      return
    }
    if profile { show(steps) }
    if recompute, let memory = bench.session.memory { Terminal.note(memory.note) }
    Terminal.say(
      """
      median \(Quantities.fixed(step.median * 1000, 1)) ms, best \(Quantities.fixed(step.least * 1000, 1)) ms of \(times.count) steps \
      (batch \(bench.batch), \(bench.threads) thread\(bench.threads == 1 ? "" : "s"), \(dtype)); ready after \
      \(Quantities.fixed(loadMilliseconds, 0)) ms; peak memory \(Quantities.bytes(peak))
      losses \(losses.prefix(3).map { Quantities.fixed($0, 6) }.joined(separator: ", ")), …
      """)
  }
}
