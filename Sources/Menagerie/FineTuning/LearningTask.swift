import BinaryIO
import Training

/// What a model is to learn, from what, and how that is judged: pictures and their classes, texts, what follows in a text.
///
/// A new task is a file in `Tasks` with a type like this, and a line in `LearningTasks`.
public protocol LearningTask: Sendable {
  /// For `--task`.
  static var name: String { get }
  /// Further names, that other tasks may have, too: then what model and data look like decides.
  static var aliases: [String] { get }
  /// For lists, in a few words.
  static var summary: String { get }

  /// Whether model and data look like it, when nobody says the task.
  static func fits(_ model: Model, _ data: DataGlance) -> Bool

  /// The settings of data that it heeds: others are refused, and not passed over.
  static var heeded: Set<DataOption> { get }

  /// The name of the method that is usual for it.
  static var usualMethod: String { get }

  /// - Throws: `DataError` for data that cannot be learnt from, or a model that cannot learn it, with what is wrong.
  init(_ model: Model, data: String, options: FineTuningOptions) throws

  /// The model to begin with, which has the last layer that the task wants. Its graph's first output is judged.
  var model: Model { get }
  /// Names, in the graph, of the last layer's weights: what `--method head` lets learn.
  var head: Set<String> { get }
  /// Whether the last layer was made anew, since the model had another or none.
  var isHeadNew: Bool { get }
  var objective: any Objective { get }
  var training: any TrainingSource { get }
  /// Of no sample when there is nothing to judge by.
  var validation: any TrainingSource { get }
  /// Whether samples are others in each epoch, so that nothing computed from them can be kept.
  var isVarying: Bool { get }
  func judge() -> any Judge

  /// What samples are called: "pictures".
  var unit: String { get }
  /// What was found in the data and what was guessed, a sentence each.
  var notes: [String] { get }
  /// What tells this data from other data, so that a run does not go on with another's.
  var signature: String { get }
  /// Names of the classes, where there are some.
  var classes: [String] { get }
  /// What could not be used until now.
  var skipped: [DataError] { get }
  /// A sample that the model is judged by, to be shown.
  func exhibit(_ sample: Int) -> Exhibit?
}

/// A sample as a person sees it.
public enum Exhibit: Sendable, Hashable {
  /// A file with a picture.
  case picture(path: String)
  case text(String)
}

extension LearningTask {
  public static var aliases: [String] { [] }
  public static var heeded: Set<DataOption> { Set(DataOption.allCases) }
  public static var usualMethod: String { HeadMethod.name }
  public var classes: [String] { [] }
  public var isVarying: Bool { false }
  public func exhibit(_ sample: Int) -> Exhibit? { nil }
}

/// All that a model can be asked to learn, in the order in which they are tried.
public enum LearningTasks {
  public static let all: [any LearningTask.Type] = [
    ArrayTask.self, PictureTask.self, ClassifyTask.self, EmbedTask.self, RegressTask.self,
    GenerateTask.self,
  ]

  public static var names: [String] { all.map { $0.name } }

  /// The task of that name; without one, what model and data look like.
  /// - Throws: `.mismatch` for a name that is none; `.unsupported` when nothing fits.
  static func task(
    _ name: String?, _ model: Model, data: String
  ) throws -> any LearningTask.Type {
    if let name {
      let named = all.filter { $0.name == name || $0.aliases.contains(name) }
      guard let own = named.first(where: { $0.name == name }) else {
        throw DataError(
          .mismatch, "no task '\(name)'", expected: names.joined(separator: ", "))
      }
      guard named.count > 1 else { return own }
      let glance = DataGlance(data)
      return named.first { $0.fits(model, glance) } ?? own
    }
    guard System.isDirectory(data) != nil else {
      throw DataError(.notFound, "no such file or folder", path: data)
    }
    let glance = DataGlance(data)
    guard let task = all.first(where: { $0.fits(model, glance) }) else {
      throw misfit(model, glance)
    }
    return task
  }

  /// Why there is no task: what is wrong with a table, or what the model could learn from.
  private static func misfit(_ model: Model, _ data: DataGlance) -> DataError {
    let remedy = "or say what is to be learnt with --task: \(names.joined(separator: ", "))"
    if TextInput.isTaken(by: model), let texts = data.texts {
      if texts.holdsPairs, texts.target == nil {
        return DataError(
          .mismatch, "has texts that belong together",
          expected: "a model that gives vectors, which \(model.path) does not", path: data.path,
          remedy: remedy)
      }
      let columns = (try? RecordFile(data.path))?.columns
      return DataError(
        .mismatch, "has no column of labels, numbers or other texts beside the texts",
        expected: "one, or a decoder, which learns from texts alone",
        subject: columns.map { "columns \($0.joined(separator: ", "))" }, path: data.path,
        remedy: "name it with --label-column, if it is there, \(remedy)")
    }
    if data.texts == nil, System.isDirectory(data.path) == false {
      do { _ = try RecordFile(data.path) } catch let error as DataError { return error } catch {}
    }
    return DataError(
      .unsupported, "is nothing that \(model.path) can learn from",
      expected: all.map { $0.summary }.joined(separator: "; "), path: data.path)
  }
}
