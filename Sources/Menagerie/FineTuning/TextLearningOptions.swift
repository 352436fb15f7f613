/// What a person may say about texts to learn from; the rest is guessed from names and contents.
public struct TextLearningOptions: Sendable {
  /// Where texts are, and what belongs to each.
  public var textColumn: String?
  public var pairColumn: String?
  /// Labels, numbers or scores; those of pictures, too.
  public var labelColumn: String?
  /// What stands between several labels of a text.
  public var labelSeparator: Character?
  public var promptColumn: String?
  public var answerColumn: String?
  public var conversationColumn: String?
  /// The most tokens of a text, and how many a block of plain text has; what the model takes when nil.
  public var maximumLength: Int?

  public init() {}
}
