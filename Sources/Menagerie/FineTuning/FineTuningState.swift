import BinaryIO
import Converters
import Formats
import JSON
import OrderedCollections
import Tensors
import Training

/// A run's state in a folder: what is there is always whole.
struct FineTuningState {
  let folder: String

  private var path: String { "\(folder)/state.safetensors" }
  private var historyPath: String { "\(folder)/history.jsonl" }

  /// - Throws: `.unwritable` when the folder cannot be made.
  init(folder: String) throws {
    self.folder = folder
    if System.isDirectory(folder) == nil { try System.createDirectory(folder) }
    guard System.isDirectory(folder) == true else {
      throw DataError(.unwritable, "is no folder", path: folder)
    }
    AtomicFileWriter.removeAbandoned(path)
  }

  /// The state of an earlier run; nil when the folder has none.
  /// - Throws: `.mismatch` when that run was another one, with what differs.
  func load(_ signature: RunSignature) throws -> TrainingState? {
    guard System.names(in: folder).contains("state.safetensors") else { return nil }
    let checkpoint = try FormatRegistry.read(path)
    func text(_ key: String) -> String? { checkpoint.metadata[key]?.string }
    guard text("run.method") != nil else { throw damaged("does not say its method") }
    try signature.check({ text("run.\($0)") }, path: path)
    func number(_ key: String) throws -> Int {
      guard let value = text("place.\(key)").flatMap({ Int($0) }) else {
        throw damaged("does not say its \(key)")
      }
      return value
    }
    var tensors: OrderedDictionary<String, Tensor> = [:]
    for entry in checkpoint.tensors { tensors[entry.name] = try entry.load() }
    let prefix = "number."
    var numbers: [String: Double] = [:]
    for (key, value) in checkpoint.metadata where key.hasPrefix(prefix) {
      guard let number = value.string.flatMap({ Double($0) }) else { throw damaged("'\(key)'") }
      numbers[String(key.dropFirst(prefix.count))] = number
    }
    return TrainingState(
      tensors: tensors, epoch: try number("epoch"), batch: try number("batch"),
      step: try number("step"), numbers: numbers)
  }

  /// What happened until a state; what the folder's log does not have is missing there, too.
  func history(until state: TrainingState) -> RunHistory {
    var history = (try? RunHistory(log: historyPath)) ?? RunHistory()
    history.rewind(toStep: state.step, epoch: state.epoch)
    return history
  }

  /// Where the run is written down, to be there when it goes on.
  func log() throws -> any RunLog { try JSONLog(path: historyPath) }

  private func damaged(_ found: String) -> DataError {
    DataError(
      .malformed, found, expected: "the state of a run", path: path,
      remedy: "give another folder to --resume")
  }

  /// Replaces what is there, all at once.
  func save(_ state: TrainingState, _ signature: RunSignature) throws {
    var metadata: OrderedDictionary<String, JSONValue> = [
      "place.epoch": .string("\(state.epoch)"), "place.batch": .string("\(state.batch)"),
      "place.step": .string("\(state.step)"),
    ]
    for fact in signature.facts {
      metadata["run.\(fact.name)"] = fact.value.map { .string($0) }
    }
    for (name, value) in state.numbers.sorted(by: { $0.key < $1.key }) {
      metadata["number.\(name)"] = .string("\(value)")
    }
    let tensors = state.tensors.map { TensorEntry(name: $0.key, $0.value) }
    let checkpoint = Checkpoint(format: "safetensors", tensors: tensors, metadata: metadata)
    _ = try FormatRegistry.format(named: "safetensors").write(checkpoint, to: path)
  }
}
