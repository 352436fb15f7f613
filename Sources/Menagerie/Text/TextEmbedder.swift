import BinaryIO
import Formats
import ModelGraph
import Tensors
import Text

/// Turns texts into vectors that lie near each other where the texts mean about the same.
///
///     let embedder = try TextEmbedder(Model(contentsOf: "all-MiniLM-L6-v2/"))
///     let vectors = try embedder.embed(["A man eats bread.", "Someone has a meal."])
///     print(TextEmbedder.similarity(vectors[0], vectors[1]))
public struct TextEmbedder: Sendable {
  /// How the tokens' vectors become one.
  public let pooling: Pooling
  /// Set when no file says how to pool, so that the mean, normalised, is a guess.
  public let isPoolingGuessed: Bool
  private let text: TextModel

  /// - Parameter pooling: overrules what the model's files say.
  /// - Throws: `.unsupported` when the model gives no vector for each token, or has no tokenizer.
  public init(_ model: Model, pooling: Pooling? = nil) throws {
    text = try TextModel(model)
    let graph = try model.graph()
    guard graph.outputs.contains(where: { graph[$0].name == "last_hidden_state" }) else {
      let outputs = graph.outputs.map { graph[$0].name }.joined(separator: ", ")
      throw DataError(
        .unsupported, "gives \(outputs)", expected: "last_hidden_state, a vector for each token",
        path: model.path)
    }
    let said = try pooling ?? Pooling(companions: model.checkpoint)
    isPoolingGuessed = said == nil
    self.pooling = said ?? Pooling()
  }

  /// A vector for each text, and which texts were longer than the model takes, so that only their beginning counts.
  public func embedNotingCuts(_ texts: [String]) throws -> (vectors: [[Float]], cut: [Int]) {
    let (encodings, cut) = try text.encode(texts.map { ($0, nil) })
    var vectors = [[Float]](repeating: [], count: texts.count)
    try text.run(encodings, output: "last_hidden_state") { index, values, shape in
      vectors[index] = pooling(values, count: encodings[index].ids.count, width: shape[1])
    }
    return (vectors, cut)
  }

  /// A vector for each text.
  public func embed(_ texts: [String]) throws -> [[Float]] { try embedNotingCuts(texts).vectors }

  /// The cosine of the angle between two vectors: 1 for the same direction.
  public static func similarity(_ a: [Float], _ b: [Float]) -> Double {
    func product(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (product(a, a) * product(b, b)).squareRoot()
    return lengths > 0 ? product(a, b) / lengths : 0
  }
}
