import BinaryIO

/// What data looks like before anyone reads it for a task: found once, so that all tasks can be asked.
public struct DataGlance: Sendable, Hashable {
  /// A text, or a table of texts.
  public struct Texts: Sendable, Hashable {
    /// Whether a model can learn to write from it: plain text, prompts with answers, conversations.
    public var isLanguage: Bool
    /// Whether there are columns of texts that belong together.
    public var holdsPairs: Bool
    /// What belongs to each text; nil where no column holds that.
    public var target: TextDataset.Kind?

    public init(isLanguage: Bool, holdsPairs: Bool, target: TextDataset.Kind?) {
      self.isLanguage = isLanguage
      self.holdsPairs = holdsPairs
      self.target = target
    }
  }

  public let path: String
  /// Nil for what holds no texts, as pictures, or cannot be read.
  public let texts: Texts?

  public init(_ path: String) {
    self.path = path
    texts = DataGlance.texts(of: path)
  }

  private static func texts(of path: String) -> Texts? {
    guard let files = try? DataFiles(path, endings: RecordFile.extensions + ["txt"]) else {
      return nil
    }
    if files.training.lowercased().hasSuffix(".txt") {
      return Texts(isLanguage: true, holdsPairs: false, target: nil)
    }
    guard let file = try? RecordFile(files.training, skipsBad: true) else { return nil }
    let target = (try? ColumnChoice(of: file)).map { choice in
      TargetReader(file, choice.target, TextDataset.Options()).kind
    }
    let holdsPairs = PairDataset.columns(of: file) != nil
    return Texts(
      isLanguage: target == nil && (LanguageReader.holdsAnswers(file.columns) || !holdsPairs),
      holdsPairs: holdsPairs, target: target)
  }
}
