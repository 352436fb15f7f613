import BinaryIO
import Formats
import ModelGraph
import Tensors
import Text

/// Says which of its classes a text belongs to.
///
///     let classifier = try TextClassifier(Model(contentsOf: "distilbert-sst-2/"))
///     print(try classifier.classify("I loved it.").first?.label ?? "")
public struct TextClassifier: Sendable {
  /// Whether several classes may hold at once: each has a probability of its own.
  public var isMultiLabel: Bool { problem == .labels }
  /// Whether its outputs are numbers, and no classes: then a score is the number.
  public var isRegression: Bool { problem == .number }
  private let problem: ProblemType
  private let text: TextModel

  /// - Throws: `.unsupported` when the model does not give logits for classes, or has no tokenizer.
  public init(_ model: Model) throws {
    text = try TextModel(model)
    try text.requireLogits(rank: 2, "[batch, classes]")
    problem = ProblemType(sidecars: model.checkpoint.sidecars) ?? .oneLabel
  }

  /// The `top` likeliest classes of a text, or of a pair of texts, the likeliest first.
  public func classify(
    _ text: String, pair: String? = nil, top: Int = 5
  ) throws -> [ImageClassifier.Class] {
    try classify([(text, pair)], top: top)[0]
  }

  /// The same for several texts at once.
  public func classify(
    _ texts: [(String, String?)], top: Int = 5
  ) throws -> [[ImageClassifier.Class]] {
    let (encodings, _) = try text.encode(texts)
    var answers = [[ImageClassifier.Class]](repeating: [], count: texts.count)
    try text.run(encodings) { index, logits, _ in
      let scores = problem.scores(logits.map(Double.init))
      answers[index] = scores.likeliest(top).map {
        ImageClassifier.Class(index: $0.index, label: text.label($0.index), score: $0.score)
      }
    }
    return answers
  }
}
