import BinaryIO
import ModelGraph
import Tensors
import Text

/// Says of each token of a text which class it belongs to: names in it, parts of speech.
///
///     let classifier = try TokenClassifier(Model(contentsOf: "bert-base-ner/"))
///     print(try classifier.classify("Ada lives in London.").map(\.label))
public struct TokenClassifier: Sendable {
  /// A token with its likeliest class.
  public struct Token: Sendable, Hashable {
    /// The token as the vocabulary spells it.
    public var token: String
    /// Where it lies in the text, in Unicode scalars.
    public var range: Range<Int>
    public var index: Int
    public var label: String
    public var score: Double
  }

  private let text: TextModel

  /// - Throws: `.unsupported` when the model does not give logits for each token, or has no tokenizer.
  public init(_ model: Model) throws {
    text = try TextModel(model)
    try text.requireLogits(rank: 3, "[batch, sequence, classes]")
  }

  /// The tokens of a text, but those that were added around it.
  public func classify(_ text: String) throws -> [Token] { try classify([text])[0] }

  /// The same for several texts at once.
  public func classify(_ texts: [String]) throws -> [[Token]] {
    let (encodings, _) = try text.encode(texts.map { ($0, nil) })
    var answers = [[Token]](repeating: [], count: texts.count)
    try text.run(encodings) { index, logits, shape in
      let encoding = encodings[index]
      let names = encoding.tokens
      answers[index] = names.indices.filter { encoding.specialTokensMask[$0] == 0 }.compactMap {
        place in
        let scores = logits.probabilities(ofRow: place, width: shape[1])
        guard let best = scores.likeliest(1).first else { return nil }
        return Token(
          token: names[place], range: encoding.offsets[place], index: best.index,
          label: text.label(best.index), score: best.score)
      }
    }
    return answers
  }
}

extension TextModel {
  /// What a class is called.
  func label(_ index: Int) -> String {
    let labels = model.labels ?? []
    return labels.indices.contains(index) ? labels[index] : "class \(index)"
  }
}
