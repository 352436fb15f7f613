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
    /// Whether numbers with fractions are taken for names of classes, where nobody says a kind.
    public var classifies = false
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
    let files = try DataFiles(path, endings: RecordFile.extensions)
    let training = try RecordFile(files.training, skipsBad: options.skipsBad)
    let columns = try ColumnChoice(
      of: training, text: options.textColumn, pair: options.pairColumn,
      target: options.targetColumn)
    var reader = TargetReader(training, columns.target, options)
    try reader.requireClasses(of: columns.target, in: training)
    var all = try reader.examples(of: training, columns)
    var skipped = training.skipped
    if let name = files.validation {
      let file = try RecordFile(name, skipsBad: options.skipsBad)
      validation = try reader.examples(of: file, columns)
      skipped += file.skipped
    } else {
      let split = StratifiedSplit(
        all.map { $0.target.label ?? 0 }, share: options.validationShare, seed: options.seed)
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
}
