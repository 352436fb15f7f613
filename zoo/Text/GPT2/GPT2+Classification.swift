/// - Source: transformers' `…ForSequenceClassification`.
extension GPT2Configuration: TextClassifiable {
  public func classifyingTexts(classes: Int, problem: String, padding: Int?) -> Self {
    var own = self
    own.head = .text(.init(classes: classes, padding: padding, problemType: problem))
    return own
  }

  public var headPrefixes: [String] { ["score."] }
}
