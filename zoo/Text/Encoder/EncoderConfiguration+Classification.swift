/// - Source: transformers' `…ForSequenceClassification`.
extension EncoderConfiguration: TextClassifiable {
  public func classifyingTexts(classes: Int, problem: String, padding: Int?) -> Self {
    var own = self
    own.head = .text(classes)
    own.problemType = problem
    own.hasOwnDecoder = false
    own.hasPooler = !kind.classifiesInTwoLayers
    return own
  }

  public var headPrefixes: [String] { ["classifier."] }
}
