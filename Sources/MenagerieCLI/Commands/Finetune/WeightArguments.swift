import ArgumentParser
import Menagerie

/// Which weights learn, and how much.
struct WeightArguments: ParsableArguments {
  @Option(
    name: .customLong("freeze"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Weights that do not learn, by their names with * and ?; may be given again.",
      valueName: "pattern"))
  var frozen: [String] = []

  @Option(
    name: .customLong("unfreeze"), parsing: .unconditional,
    help: ArgumentHelp(
      "Lets so many layers more learn each epoch, beginning with the last.", valueName: "n"))
  var unfreezing: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much of the rate of the next layer each layer has (0.8); all alike by default.",
      valueName: "share"))
  var layerDecay = 1.0

  func apply(to options: inout FineTuningOptions) {
    options.frozen = frozen
    options.unfreezing = unfreezing
    options.layerDecay = layerDecay
  }
}
