import BinaryIO
import JSON
import OrderedCollections

/// Texts that belong together: pairs, perhaps with one that does not, or pairs with a score of how alike they are.
///
/// A file, or a folder with `train.csv` and `val.csv`, as in `TextDataset`.
public struct PairDataset: Sendable {
  public struct Example: Sendable, Hashable {
    public let texts: [String]
    /// From 0 to 1, where there are scores.
    public let score: Double?
    public let path: String
    public let line: Int
  }

  /// What a person may say; the rest is guessed by the columns' names.
  public struct Options: Sendable {
    public var textColumn: String?
    public var pairColumn: String?
    public var scoreColumn: String?
    public var validationShare = 0.2
    public var seed: UInt64 = 0
    public var skipsBad = false

    public init() {}
  }

  public let path: String
  /// The columns of texts, in their order.
  public let columns: [String]
  public let scoreColumn: String?
  public let training: [Example]
  public let validation: [Example]
  public let skipped: [DataError]
  /// What was guessed, a sentence each.
  public let evidence: [String]

  private static let names = [
    ["anchor", "positive", "negative"], ["query", "positive", "negative"],
    ["sentence1", "sentence2"], ["text1", "text2"], ["text_a", "text_b"],
    ["question1", "question2"], ["question", "answer"], ["query", "answer"],
    ["query", "passage"], ["query", "document"], ["title", "body"], ["premise", "hypothesis"],
    ["anchor", "positive"], ["query", "positive"], ["source", "target"],
  ]
  private static let scores = ["score", "similarity", "similarity_score", "label"]
  /// Columns whose labels are classes: 0 is the likest of them.
  private static let inference = ["premise", "hypothesis"]

  /// The columns of texts that belong together, by their names; nil where there are none.
  static func columns(of file: RecordFile) -> [String]? {
    names.lazy.compactMap { names in
      let found = names.compactMap { name in file.columns.first { $0.lowercased() == name } }
      return found.count == names.count ? found : nil
    }.first
  }

  /// - Throws: with the file named, and the line where there is one.
  public init(_ path: String, _ options: Options = Options()) throws {
    let files = try DataFiles(path, endings: RecordFile.extensions)
    let file = try RecordFile(files.training, skipsBad: options.skipsBad)
    for name in [options.textColumn, options.pairColumn, options.scoreColumn].compactMap({ $0 })
    where !file.columns.contains(name) {
      throw DataError(
        .mismatch, "there is no column '\(name)'",
        expected: file.columns.joined(separator: ", "), path: file.path)
    }
    var evidence: [String] = []
    if let text = options.textColumn, let pair = options.pairColumn {
      columns = [text, pair]
    } else if let name = options.textColumn ?? options.pairColumn {
      throw DataError(
        .mismatch, "one column of texts is named, '\(name)'", expected: "both or none",
        path: file.path)
    } else if let found = Self.columns(of: file) {
      columns = found
      evidence.append(
        "texts that belong together are in "
          + found.map { "'\($0)'" }.joined(separator: ", ") + ", by their names")
    } else {
      throw DataError(
        .mismatch, "no columns hold texts that belong together",
        expected: "'sentence1' and 'sentence2', or 'query', 'positive' and perhaps 'negative'",
        path: file.path, remedy: "name both columns")
    }
    let texts = columns
    var score = options.scoreColumn
    if score == nil, texts.count < 3 {
      score =
        Self.scores.lazy.compactMap { name in
          file.columns.first { $0.lowercased() == name && !texts.contains($0) }
        }.first
      if let found = score {
        if found.lowercased() == "label", texts.map({ $0.lowercased() }) == Self.inference {
          score = nil
          evidence.append(
            "'\(found)' is left out: beside a premise and a hypothesis it is a class, and not how alike they are"
          )
        } else {
          evidence.append("how alike they are is in '\(found)', by its name")
        }
      }
    }
    scoreColumn = score
    var reader = PairReader(columns: texts, score: score, skipsBad: options.skipsBad)
    var all = try reader.examples(of: file)
    var skipped = file.skipped
    var judged: [Example] = []
    if let path = files.validation {
      let other = try RecordFile(path, skipsBad: options.skipsBad)
      judged = try reader.examples(of: other)
      skipped += other.skipped
    } else {
      let split = StratifiedSplit(
        Array(repeating: 0, count: all.count), share: options.validationShare, seed: options.seed)
      judged = split.validation.map { all[$0] }
      all = split.training.map { all[$0] }
    }
    if let most = (all + judged).compactMap(\.score).max(), most > 1 {
      evidence.append("scores are divided by \(most), the greatest")
      func scaled(_ examples: [Example]) -> [Example] {
        examples.map {
          Example(texts: $0.texts, score: $0.score.map { $0 / most }, path: $0.path, line: $0.line)
        }
      }
      (all, judged) = (scaled(all), scaled(judged))
    }
    self.path = path
    training = all
    validation = judged
    self.skipped = skipped + reader.skipped
    self.evidence = evidence
  }
}

/// Makes pairs of records.
private struct PairReader {
  let columns: [String]
  let score: String?
  let skipsBad: Bool
  var skipped: [DataError] = []

  mutating func examples(of file: RecordFile) throws -> [PairDataset.Example] {
    var examples: [PairDataset.Example] = []
    for record in file.records {
      do {
        examples.append(try example(record, file))
      } catch let error as DataError where skipsBad {
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

  private func example(
    _ record: RecordFile.Record, _ file: RecordFile
  ) throws -> PairDataset.Example {
    let texts = try columns.map { column -> String in
      guard let text = record.fields[column]?.string,
        text.contains(where: { !$0.isWhitespace })
      else { throw file.error(record, "'\(column)' is empty, or no text") }
      return text
    }
    let number = try score.map { column -> Double in
      let value = record.fields[column]
      guard let number = value?.double ?? value?.string.flatMap({ Double($0) }),
        number.isFinite, number >= 0
      else {
        throw file.error(record, "'\(column)' is no score", expected: "a number, 0 or more")
      }
      return number
    }
    return PairDataset.Example(
      texts: texts, score: number, path: file.path, line: record.line)
  }
}
