import ArgumentParser
import Menagerie

/// Where pictures are in a table, and what happens to them by chance.
struct PictureArguments: ParsableArguments {
  @Option(help: "The column of paths of pictures.")
  var pictureColumn: String?

  @Flag(help: "Crop and mirror pictures by chance.")
  var augment = false

  @Option(
    name: [.long, .customLong("color")], parsing: .unconditional,
    help: ArgumentHelp(
      "Change brightness, contrast and saturation by up to this.", valueName: "share"))
  var colour: Double?

  @Option(
    name: .customLong("rand-augment"), parsing: .unconditional,
    help: ArgumentHelp(
      "Two changes out of fourteen, of this strength (0 to 30; 9 is usual).", valueName: "n"))
  var randAugment: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Mix pictures and their classes, by shares from Beta(α, α).", valueName: "alpha"))
  var mixup = 0.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Put a part of another picture into each, by shares from Beta(α, α).", valueName: "alpha"))
  var cutmix = 0.0

  func apply(to options: inout FineTuningOptions) {
    options.pictures.pathColumn = pictureColumn
    options.pictures.isAugmented = augment
    options.pictures.colour = colour
    options.pictures.randAugment = randAugment
    options.pictures.mixupAlpha = mixup
    options.pictures.cutMixAlpha = cutmix
  }
}
