import ArgumentParser
import Menagerie

/// Where texts and labels are in the data to learn from; names say it where nobody does.
struct TextArguments: ParsableArguments {
  @Option(help: "The column of texts.")
  var textColumn: String?

  @Option(help: "The column of the texts that belong to these.")
  var pairColumn: String?

  @Option(help: "The column of labels, numbers or scores.")
  var labelColumn: String?

  @Option(
    help: ArgumentHelp(
      "What stands between several labels of a text or picture.", valueName: "character"))
  var labelSeparator: String?

  @Option(help: "The column of prompts; texts of the answer column are learnt.")
  var promptColumn: String?

  @Option(help: "The column of answers.")
  var answerColumn: String?

  @Option(help: "The column of conversations: lists of objects with role and content.")
  var chatColumn: String?

  @Option(
    parsing: .unconditional, help: "The most tokens of a text; of plain text, how many a block has."
  )
  var maxLength: Int?

  func validate() throws {
    if let labelSeparator, labelSeparator.count != 1 {
      throw ValidationError("--label-separator is one character, not '\(labelSeparator)'")
    }
    guard (promptColumn == nil) == (answerColumn == nil) else {
      throw ValidationError("--prompt-column and --answer-column go together")
    }
  }

  func apply(to options: inout FineTuningOptions) {
    options.texts.textColumn = textColumn
    options.texts.pairColumn = pairColumn
    options.texts.labelColumn = labelColumn
    options.texts.labelSeparator = labelSeparator?.first
    options.texts.promptColumn = promptColumn
    options.texts.answerColumn = answerColumn
    options.texts.conversationColumn = chatColumn
    options.texts.maximumLength = maxLength
  }
}
