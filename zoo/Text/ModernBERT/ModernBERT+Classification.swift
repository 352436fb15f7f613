/// - Source: transformers' `…ForSequenceClassification`.
extension ModernBERTConfiguration: TextClassifiable {
  public func classifyingTexts(classes: Int, problem: String, padding: Int?) -> Self {
    var own = self
    own.head = .text(classes)
    own.problemType = problem
    return own
  }

  public var headPrefixes: [String] { ["head.", "classifier."] }
}
