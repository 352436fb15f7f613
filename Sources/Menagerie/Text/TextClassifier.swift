import BinaryIO
import Formats
import Glibc
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Text

/// Says which of its classes a text belongs to.
///
///     let classifier = try TextClassifier(Model(contentsOf: "distilbert-sst-2/"))
///     print(try classifier.classify("I loved it.").first?.label ?? "")
public struct TextClassifier: Sendable {
  /// Whether several classes may hold at once: each has a probability of its own.
  public let isMultiLabel: Bool
  private let text: TextModel

  /// - Throws: `.unsupported` when the model does not give logits for classes, or has no tokenizer.
  public init(_ model: Model) throws {
    text = try TextModel(model)
    try text.requireLogits(rank: 2, "[batch, classes]")
    isMultiLabel =
      model.checkpoint.sidecars["config.json"]?["problem_type"]?.string
      == "multi_label_classification"
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
      let scores =
        isMultiLabel ? logits.map { 1 / (1 + exp(-Double($0))) } : logits.map(Double.init).softmax
      answers[index] = scores.likeliest(top).map {
        ImageClassifier.Class(index: $0.index, label: text.label($0.index), score: $0.score)
      }
    }
    return answers
  }
}
