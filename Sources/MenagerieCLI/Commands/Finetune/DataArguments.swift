import ArgumentParser
import Menagerie

/// How data is read.
struct DataArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much is set aside, where the data has no part to judge by.", valueName: "share"))
  var validation = FineTuningOptions().validationShare

  @Flag(help: "Leave out samples that cannot be read, and count them.")
  var skipBad = false

  @Flag(name: .customLong("no-shuffle"), help: "See samples in the order in which they lie.")
  var keepsOrder = false

  func apply(to options: inout FineTuningOptions) {
    options.validationShare = validation
    options.skipsBad = skipBad
    options.shuffles = !keepsOrder
  }
}
