import BinaryIO
import Execution
import Formats
import Images
import ModelGraph
import Tensors
import Zoo

/// Says what is on a picture.
///
///     let classifier = try ImageClassifier(Model(contentsOf: "vit-base-patch16-224/"))
///     let answer = try classifier.classify(imageAt: "cat.jpg", top: 3)
public struct ImageClassifier: Sendable {
  /// One class with its probability.
  public struct Class: Sendable {
    public var index: Int
    /// The class's name; its number where the model has no names.
    public var label: String
    public var score: Double
  }

  public let model: Model
  /// Set when nothing says how the model wants its pictures, so that scaling to 0…1 is a guess.
  public let isPreprocessingGuessed: Bool
  /// Whether several classes may hold at once: each has a probability of its own.
  public var isMultiLabel: Bool { problem == .labels }
  /// Whether its outputs are numbers, and no classes: then a score is the number.
  public var isRegression: Bool { problem == .number }
  private let problem: ProblemType
  private let input: PictureInput

  /// - Throws: `.unsupported` when the model does not take one picture.
  public init(_ model: Model) throws {
    self.model = model
    let graph = try model.graph()
    guard graph.inputs.count == 1, let id = graph.inputs.first, graph.outputs.count >= 1,
      let input = PictureInput(graph[id], preprocessing: model.preprocessing)
    else {
      let inputs = graph.inputs.map { "\(graph[$0].name) \(graph[$0].type)" }.joined(
        separator: "; ")
      throw DataError(
        .unsupported, "does not take one picture: its inputs are \(inputs)", path: model.path,
        remedy: "give it arrays with --inputs")
    }
    if let zooModel = model.zooModel, zooModel.configuration.classes == nil {
      throw DataError(
        .unsupported, "tells no classes apart: it has no classifier, and gives features",
        path: model.path, remedy: "take its vectors, with --task embed or an ImageEmbedder")
    }
    self.input = input
    problem = ProblemType(sidecars: model.checkpoint.sidecars) ?? .oneLabel
    isPreprocessingGuessed = model.preprocessing == nil
  }

  /// The `top` likeliest classes of the picture in a JPEG or PNG file, likeliest first.
  /// - Throws: `DataError` for a file that is no picture.
  public func classify(imageAt path: String, top: Int = 5) throws -> [Class] {
    let picture = try Picture(contentsOf: path)
    let outputs = try model.run([input.name: input.tensor(of: picture)])
    return classes(of: outputs[0].tensor.doubles, top: top)
  }

  /// Logits become probabilities; what already is a distribution stays.
  private func classes(of row: [Double], top: Int) -> [Class] {
    let isDistribution = row.allSatisfy { $0 >= 0 } && (row.reduce(0, +) - 1).magnitude < 1e-3
    let scores = problem == .oneLabel && isDistribution ? row : problem.scores(row)
    let labels = model.labels
    return scores.likeliest(top).map { index, score in
      let label =
        labels.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? "class \(index)"
      return Class(index: index, label: label, score: score)
    }
  }
}
