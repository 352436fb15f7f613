import BinaryIO
import Execution
import JSON
import Menagerie

extension BenchCommand {
  /// Prompt and writing apart, beside the memory's speed.
  func runGeneration(_ model: Model, startedAt start: Double) throws {
    var bench = try GenerativeBenchmark(
      model, promptTokens: promptTokens, batch: batch,
      options: SessionOptions(threads: threads.count))
    let loadMilliseconds = (System.seconds - start) * 1000
    let peak = System.peakResidentBytes
    Terminal.progress("reading \(bench.promptTokens) tokens, and writing …")
    try bench.measure(seconds: seconds)
    Terminal.endProgress()
    let prefill = Spread(bench.prefillSeconds)
    let step = Spread(bench.stepSeconds)
    let memory = Spread(bench.memoryBandwidths)
    let prompt = Double(bench.promptTokens * batch)
    let rate = Double(bench.weightBytes) / step.median
    if json {
      Terminal.say(json: [
        "latencyMilliseconds": step.milliseconds,
        "loadMilliseconds": .number(loadMilliseconds), "peakResidentBytes": .integer(peak),
        "threads": .integer(bench.threads), "batch": .integer(batch), "dtype": .string(dtype),
        "runs": .integer(bench.stepSeconds.count),
        "prefill": [
          "tokens": .integer(bench.promptTokens), "milliseconds": prefill.milliseconds,
          "tokensPerSecond": .number(prompt / prefill.median),
        ],
        "decode": [
          "milliseconds": step.milliseconds,
          "tokensPerSecond": .number(Double(batch) / step.median),
          "weightBytes": .integer(bench.weightBytes), "bytesPerSecond": .number(rate),
        ],
        "memoryBytesPerSecond": [
          "median": .number(memory.median), "max": .number(memory.greatest),
        ],
        "profile": profile ? .array(bench.steps.map(BenchCommand.json)) : .null,
      ])
      return
    }
    if profile { show(bench.steps) }
    func bytes(_ rate: Double) -> String { Quantities.bytes(Int(rate)) }
    Terminal.say(
      """
      reading \(bench.promptTokens) tokens: \(Quantities.fixed(prompt / prefill.median, 0)) a second \
      (median \(Quantities.fixed(prefill.median * 1000, 1)) ms, best \(Quantities.fixed(prefill.least * 1000, 1)) ms)
      writing: \(Quantities.fixed(Double(batch) / step.median, 1)) a second \
      (median \(Quantities.fixed(step.median * 1000, 2)) ms, best \(Quantities.fixed(step.least * 1000, 2)) ms \
      of \(bench.stepSeconds.count); batch \(batch), \(bench.threads) thread\(bench.threads == 1 ? "" : "s"))
      weights are read at \(bytes(rate))/s, \(bytes(Double(bench.weightBytes))) a token; \
      the memory gives \(bytes(memory.median))/s
      ready after \(Quantities.fixed(loadMilliseconds, 0)) ms; peak memory \(Quantities.bytes(peak))
      """)
  }
}
