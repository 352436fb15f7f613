import ArgumentParser
import BinaryIO
import Menagerie

/// Where a run is written down.
struct RecordArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Write each step and epoch, a JSON document a line.", valueName: "file"),
    completion: .file())
  var log: String?

  @Option(
    help: ArgumentHelp("Write events for TensorBoard.", valueName: "folder"),
    completion: .directory)
  var tensorboard: String?

  @Option(
    help: ArgumentHelp(
      "The page that tells of the run at its end; OUT's name with .report.html if not given.",
      valueName: "file"), completion: .file())
  var report: String?

  @Flag(help: "Write no such page.")
  var noReport = false

  @Flag(
    inversion: .prefixedNo,
    help:
      "Write the state of the optimizer beside the weights; by default where the model's file has one, and the weights are those of the last step."
  )
  var saveOptimizer: Bool?

  /// Where the page goes; nil when none is wanted.
  func reportPath(output: String) -> String? {
    if noReport { return nil }
    if let report { return report }
    let trimmed = System.withoutTrailingSlashes(output)
    let name = System.lastComponent(trimmed)
    let ending = name.lastIndex(of: ".").map { name[$0...].count } ?? 0
    return trimmed.dropLast(ending == name.count ? 0 : ending) + ".report.html"
  }

  /// - Throws: `.unwritable`.
  func logs() throws -> [any RunLog] {
    var logs: [any RunLog] = []
    if let log { logs.append(try JSONLog(path: log)) }
    if let tensorboard { logs.append(try TensorBoardLog(folder: tensorboard)) }
    return logs
  }
}
