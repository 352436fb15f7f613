import BinaryIO
import JSON
import OrderedCollections

/// Texts with what is to be learnt of them: a file, or a folder with `train.csv` and `val.csv`.
///
/// Endings are those of `RecordFile`; a validation is called as in `PictureFolder`, and set aside where there is none.
public struct TextDataset: Sendable {
  public enum Kind: String, Sendable {
    /// One class out of several.
    case label
    /// Any of several classes: a JSON list, or a field with separators.
    case labels
    case number
  }

  public enum Target: Sendable, Hashable {
    case label(Int)
    case labels([Int])
    case number(Double)
  }

  public struct Example: Sendable, Hashable {
    public let text: String
    public let pair: String?
    public let target: Target
    public let path: String
    public let line: Int
  }

  /// What a person may say; the rest is guessed.
  public struct Options: Sendable {
    public var textColumn: String?
    public var pairColumn: String?
    public var targetColumn: String?
    public var kind: Kind?
    /// What stands between several labels in one field.
    public var labelSeparator: Character?
    public var validationShare = 0.2
    public var seed: UInt64 = 0
    public var skipsBad = false

    public init() {}
  }

  public let path: String
  public let columns: ColumnChoice
  public let kind: Kind
  /// Sorted, whole numbers by their size; empty for numbers.
  public let classes: [String]
  public let training: [Example]
  public let validation: [Example]
  /// What could not be used, with file and line; empty unless bad records are skipped.
  public let skipped: [DataError]

  /// - Throws: with the file named, and the line where there is one.
  public init(_ path: String, _ options: Options = Options()) throws {
    let files = try TextDataset.files(path)
    let training = try RecordFile(files.training, skipsBad: options.skipsBad)
    let columns = try ColumnChoice(
      of: training, text: options.textColumn, pair: options.pairColumn,
      target: options.targetColumn)
    var reader = TargetReader(training, columns.target, options)
    guard reader.kind == .number || reader.classes.count > 1 else {
      throw DataError(
        .malformed, "has one class only, '\(reader.classes.first ?? "")'",
        expected: "two classes or more", subject: "column '\(columns.target)'",
        path: training.path)
    }
    var all = try reader.examples(of: training, columns)
    var skipped = training.skipped
    if let name = files.validation {
      let file = try RecordFile(name, skipsBad: options.skipsBad)
      validation = try reader.examples(of: file, columns)
      skipped += file.skipped
    } else {
      let strata = all.map { example in
        if case .label(let label) = example.target { label } else { 0 }
      }
      let split = StratifiedSplit(
        strata, share: options.validationShare, seed: options.seed)
      validation = split.validation.map { all[$0] }
      all = split.training.map { all[$0] }
    }
    self.path = path
    self.columns = columns
    self.kind = reader.kind
    self.classes = reader.classes
    self.training = all
    self.skipped = skipped + reader.skipped
  }

  private static func files(_ path: String) throws -> (training: String, validation: String?) {
    guard let isDirectory = System.isDirectory(path) else {
      throw DataError(.notFound, "no such file or folder", path: path)
    }
    guard isDirectory else { return (path, nil) }
    let names = System.names(in: path)
    func file(_ stems: [String]) -> String? {
      for stem in stems {
        for ending in RecordFile.extensions {
          if let name = names.first(where: { $0.lowercased() == "\(stem).\(ending)" }) {
            return "\(path)/\(name)"
          }
        }
      }
      return nil
    }
    guard let training = file(["train", "training"]) else {
      throw DataError(
        .malformed, "has no file of texts to learn from",
        expected: RecordFile.extensions.map { "train.\($0)" }.joined(separator: ", "), path: path)
    }
    return (training, file(["val", "validation", "valid", "dev", "test"]))
  }
}

/// Makes examples of records.
private struct TargetReader {
  let kind: TextDataset.Kind
  let classes: [String]
  private(set) var skipped: [DataError] = []
  private let numbers: [String: Int]
  private let options: TextDataset.Options

  init(_ file: RecordFile, _ column: String, _ options: TextDataset.Options) {
    self.options = options
    let values = file.records.compactMap { $0.fields[column] }
    if let kind = options.kind {
      self.kind = kind
    } else if options.labelSeparator != nil || values.contains(where: { $0.array != nil }) {
      kind = .labels
    } else {
      // Numbers with fractions are measured; whole ones may count classes
      let numbers = values.compactMap(Self.number)
      kind =
        numbers.count == values.count && numbers.contains { $0 != $0.rounded() }
        ? .number : .label
    }
    let kind = kind
    var names: Set<String> = []
    if kind != .number {
      for value in values {
        for name in Self.names(value, kind, options) ?? [] { names.insert(name) }
      }
    }
    classes = Self.sorted(names)
    numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
  }

  /// Whole numbers by their size, other names as texts.
  private static func sorted(_ names: Set<String>) -> [String] {
    let texts = names.sorted()
    let numbers = texts.compactMap { name in Int(name).map { (number: $0, name: name) } }
    guard numbers.count == texts.count else { return texts }
    return numbers.sorted { ($0.number, $0.name) < ($1.number, $1.name) }.map(\.name)
  }

  mutating func examples(
    of file: RecordFile, _ columns: ColumnChoice
  ) throws -> [TextDataset.Example] {
    var examples: [TextDataset.Example] = []
    for record in file.records {
      do {
        examples.append(
          TextDataset.Example(
            text: try text(columns.text, record, file),
            pair: try columns.pair.map { try text($0, record, file) },
            target: try target(columns.target, record, file), path: file.path, line: record.line))
      } catch let error as DataError where options.skipsBad {
        skipped.append(error)
      }
    }
    guard !examples.isEmpty else {
      throw DataError(
        .malformed, "has no record that can be used", path: file.path,
        remedy: skipped.first.map { "the first one is: \($0)" })
    }
    return examples
  }

  private func text(
    _ column: String, _ record: RecordFile.Record, _ file: RecordFile
  ) throws -> String {
    guard let value = record.fields[column], !value.isNull else {
      throw file.error(record, "has no '\(column)'")
    }
    guard let text = value.string else {
      throw file.error(record, "'\(column)' is no text")
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw file.error(record, "'\(column)' is empty")
    }
    return text
  }

  private func target(
    _ column: String, _ record: RecordFile.Record, _ file: RecordFile
  ) throws -> TextDataset.Target {
    guard let value = record.fields[column], !value.isNull else {
      throw file.error(record, "has no '\(column)'")
    }
    if kind == .number {
      guard let number = Self.number(value), number.isFinite else {
        throw file.error(record, "'\(column)' is no number")
      }
      return .number(number)
    }
    guard let names = Self.names(value, kind, options) else {
      throw file.error(
        record, "'\(column)' is no \(kind == .label ? "label" : "list of labels")")
    }
    let labels = try names.map { name in
      guard let label = numbers[name] else {
        throw file.error(
          record, "the label '\(name)'", expected: "one of those to learn from")
      }
      return label
    }
    return kind == .label ? .label(labels[0]) : .labels(Set(labels).sorted())
  }

  private static func number(_ value: JSONValue) -> Double? {
    value.double ?? value.string.flatMap { Double($0.filter { $0 != " " }) }
  }

  /// The labels that a value names; nil when it is something else.
  private static func names(
    _ value: JSONValue, _ kind: TextDataset.Kind, _ options: TextDataset.Options
  ) -> [String]? {
    func name(_ value: JSONValue) -> String? {
      let text: String? =
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
        case .bool(let answer): "\(answer)"
        default: nil
        }
      guard let trimmed = text.map(trimmed), !trimmed.isEmpty else { return nil }
      return trimmed
    }
    guard kind == .labels else { return name(value).map { [$0] } }
    if let array = value.array {
      let names = array.compactMap(name)
      return names.count == array.count ? names : nil
    }
    guard let text = value.string, let separator = options.labelSeparator else {
      return name(value).map { [$0] }
    }
    return text.split(separator: separator).map { trimmed(String($0)) }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: String) -> String {
    var part = Substring(text)
    while part.first?.isWhitespace == true { part.removeFirst() }
    while part.last?.isWhitespace == true { part.removeLast() }
    return String(part)
  }
}
