import BinaryIO
import JSON
import OrderedCollections

/// Makes examples of records.
struct TargetReader {
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
        !options.classifies && numbers.count == values.count
          && numbers.contains { $0 != $0.rounded() }
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

  /// - Throws: `.malformed` where there is nothing to tell apart.
  func requireClasses(of column: String, in file: RecordFile) throws {
    guard kind == .number || classes.count > 1 else {
      throw DataError(
        .malformed, "has one class only, '\(classes.first ?? "")'",
        expected: "two classes or more", subject: "column '\(column)'", path: file.path)
    }
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
