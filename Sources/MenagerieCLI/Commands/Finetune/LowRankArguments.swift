import ArgumentParser
import Menagerie
import Training

/// How `finetune --method lora` adapts layers.
struct LowRankArguments: ParsableArguments {
  @Option(help: "The inner extent of the two matrices beside a weight.")
  var rank = LowRankSettings().rank

  @Option(help: "What they add is scaled by alpha / rank; twice the rank by default.")
  var alpha: Double?

  @Option(
    help:
      "The share of a layer's inputs that a step drops on the way to them; what --adapter says, or none."
  )
  var loraDropout: Double?

  @Option(
    help: ArgumentHelp(
      "Names or ends of names, with commas between; all-linear; all. By default the projections to queries and values.",
      valueName: "names"))
  var targetModules: String?

  @Flag(help: "Scale by alpha / √rank instead (rsLoRA).")
  var rslora = false

  @Flag(help: "Let the lengths of the weights' rows learn, too (DoRA).")
  var dora = false

  @Option(
    help: ArgumentHelp("An adapter to go on from, with its settings.", valueName: "folder"),
    completion: .directory)
  var adapter: String?

  func apply(to options: inout FineTuningOptions) {
    options.lowRank = LowRankSettings(
      rank: rank, alpha: alpha ?? 2 * Double(rank), dropout: loraDropout ?? 0,
      isRankStabilised: rslora, isWeightDecomposed: dora)
    options.targetModules = targetModules?.split(separator: ",").map(String.init) ?? []
    options.adapter = adapter
    options.adapterDropout = loraDropout
  }
}
