import BinaryIO
import JSON
import OrderedCollections

/// Which columns hold the text, a second text, and what is to be learnt; and why these.
public struct ColumnChoice: Sendable, Hashable {
  public var text: String
  public var pair: String?
  public var target: String
  /// What was not said but guessed, a sentence each: `the text is in 'review', by its name`.
  public private(set) var evidence: [String] = []

  private static let texts = [
    "text", "sentence", "review", "content", "comment", "document", "message", "body", "tweet",
    "question", "input",
  ]
  private static let pairs = [
    ("sentence1", "sentence2"), ("text1", "text2"), ("premise", "hypothesis"),
    ("question1", "question2"), ("question", "answer"), ("query", "passage"),
    ("text_a", "text_b"),
  ]
  private static let targets = [
    "label", "labels", "class", "category", "target", "score", "sentiment", "rating", "stars",
    "topic", "similarity", "y",
  ]

  /// Takes the columns that are named, and guesses the others by their names, then by what they hold.
  /// - Throws: `.mismatch` for a column that is not there, or when there is nothing to choose.
  public init(
    of file: RecordFile, text: String? = nil, pair: String? = nil, target: String? = nil
  ) throws {
    for name in [text, pair, target].compactMap({ $0 }) where !file.columns.contains(name) {
      throw DataError(
        .mismatch, "there is no column '\(name)'",
        expected: file.columns.joined(separator: ", "), path: file.path)
    }
    var taken = [text, pair, target].compactMap { $0 }
    /// The first column of such a name that has no other use.
    func named(_ names: [String]) -> String? {
      names.lazy.compactMap { name in
        file.columns.first { $0.lowercased() == name && !taken.contains($0) }
      }.first
    }
    var evidence: [String] = []
    if text == nil, pair == nil,
      let both = Self.pairs.lazy.compactMap({ pair -> (String, String)? in
        guard let first = named([pair.0]), let second = named([pair.1]) else { return nil }
        return (first, second)
      }).first
    {
      (self.text, self.pair) = both
      taken += [both.0, both.1]
      evidence.append("the texts are in '\(both.0)' and '\(both.1)', by their names")
    } else {
      self.pair = pair
      if let text {
        self.text = text
      } else if let name = named(Self.texts) {
        self.text = name
        taken.append(name)
        evidence.append("the text is in '\(name)', by its name")
      } else {
        let lengths = file.columns.filter { !taken.contains($0) }.map { name in
          (name, ColumnChoice.meanLength(name, file))
        }
        guard let longest = lengths.max(by: { $0.1 < $1.1 }), longest.1 > 0 else {
          throw DataError(
            .mismatch, "no column holds texts", expected: "one named 'text'", path: file.path)
        }
        self.text = longest.0
        taken.append(longest.0)
        evidence.append("the text is in '\(longest.0)', whose texts are the longest")
      }
    }
    if let target {
      self.target = target
    } else if let name = named(Self.targets) {
      self.target = name
      evidence.append("what is to be learnt is in '\(name)', by its name")
    } else {
      let counts = file.columns.filter { !taken.contains($0) }.map { name in
        (name, Set(file.records.map { $0.fields[name] }).count)
      }
      guard let fewest = counts.filter({ $0.1 > 1 }).min(by: { $0.1 < $1.1 }),
        fewest.1 * 2 <= file.records.count
      else {
        throw DataError(
          .mismatch, "no column says what is to be learnt", expected: "one named 'label'",
          path: file.path, remedy: "name the column")
      }
      self.target = fewest.0
      evidence.append(
        "what is to be learnt is in '\(fewest.0)', which has only \(fewest.1) different values")
    }
    self.evidence = evidence
  }

  private static func meanLength(_ name: String, _ file: RecordFile) -> Double {
    let total = file.records.reduce(0) { $0 + ($1.fields[name]?.string?.utf8.count ?? 0) }
    return Double(total) / Double(file.records.count)
  }
}
