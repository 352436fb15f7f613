import ArgumentParser
import Menagerie
import Training

/// How `finetune --method lora` adapts layers.
struct LowRankArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help:
      "The inner extent of the two matrices beside a weight; \(LowRankSettings().rank) by default.")
  var rank: Int?

  @Option(
    parsing: .unconditional,
    help: "What they add is scaled by alpha / rank; twice the rank by default.")
  var alpha: Double?

  @Option(
    parsing: .unconditional,
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

  /// The options that are given and say how adapters are made.
  private var making: [String] {
    [
      ("--rank", rank != nil), ("--alpha", alpha != nil),
      ("--target-modules", targetModules != nil),
      ("--rslora", rslora), ("--dora", dora),
    ].filter(\.1).map(\.0)
  }

  /// All that are given.
  var given: [String] {
    making
      + [("--lora-dropout", loraDropout != nil), ("--adapter", adapter != nil)]
      .filter(\.1).map(\.0)
  }

  func validate() throws {
    if adapter != nil, let option = making.first {
      throw ValidationError("\(option) does not go with --adapter, whose own settings count")
    }
  }

  func apply(to options: inout FineTuningOptions) {
    let rank = rank ?? LowRankSettings().rank
    options.lowRank = LowRankSettings(
      rank: rank, alpha: alpha ?? 2 * Double(rank), dropout: loraDropout ?? 0,
      isRankStabilised: rslora, isWeightDecomposed: dora)
    options.targetModules = targetModules?.split(separator: ",").map(String.init) ?? []
    options.adapter = adapter
    options.adapterDropout = loraDropout
  }
}
