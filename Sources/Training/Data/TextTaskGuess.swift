import BinaryIO

/// What a file of texts looks like it is for.
public enum TextTaskGuess: Sendable, Hashable {
  /// Texts, prompts with answers, conversations.
  case language
  /// Texts with one or several labels.
  case labels
  /// Texts with a number.
  case numbers
  /// Texts that belong together; whether with scores.
  case pairs(scored: Bool)

  /// Nil for what is no file of texts.
  public init?(_ path: String) {
    guard let files = try? DataFiles(path, endings: RecordFile.extensions + ["txt"]) else {
      return nil
    }
    if files.training.lowercased().hasSuffix(".txt") {
      self = .language
      return
    }
    guard let file = try? RecordFile(files.training, skipsBad: true) else { return nil }
    let hasTarget = try? ColumnChoice(of: file)
    if LanguageReader.holdsAnswers(file.columns), hasTarget == nil {
      self = .language
    } else if let choice = hasTarget {
      let reader = TargetReader(file, choice.target, TextDataset.Options())
      let isPair = PairDataset.columns(of: file) != nil
      switch reader.kind {
      case .number: self = isPair ? .pairs(scored: true) : .numbers
      case .label, .labels: self = .labels
      }
    } else if PairDataset.columns(of: file) != nil {
      self = .pairs(scored: false)
    } else {
      self = .language
    }
  }
}
