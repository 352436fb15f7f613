import BinaryIO
import JSON
import Training

/// Where a run is written down as it happens.
///
/// A new kind of log is a file with a type like this.
public protocol RunLog: Sendable {
  /// Told once, before the first step: what has happened already, when a run goes on.
  func begin(_ history: RunHistory) throws
  func add(_ step: Trainer.Progress) throws
  func add(_ epoch: FineTuner.EpochReport) throws
}

/// A JSON document a line: each step, each epoch.
public final class JSONLog: RunLog {
  private let file: AppendingFile

  /// What an earlier run wrote there stays until this one begins.
  /// - Throws: `.unwritable`.
  public init(path: String) throws { file = try AppendingFile(path: path) }

  public func begin(_ history: RunHistory) throws {
    try file.clear()
    for line in history.lines { try append(line) }
  }

  public func add(_ step: Trainer.Progress) throws { try append(.object(step.record)) }
  public func add(_ epoch: FineTuner.EpochReport) throws { try append(.object(epoch.record)) }

  private func append(_ line: JSONValue) throws { try file.append(line.text() + "\n") }
}
