import ArgumentParser
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

  /// - Throws: `.unwritable`.
  func logs() throws -> [any RunLog] {
    var logs: [any RunLog] = []
    if let log { logs.append(try JSONLog(path: log)) }
    if let tensorboard { logs.append(try TensorBoardLog(folder: tensorboard)) }
    return logs
  }
}
