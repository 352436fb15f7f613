import BinaryIO
import Execution
import Glibc
import Images
import ModelGraph
import Tensors
import Zoo

/// Says what is on a picture.
///
///     let classifier = try ImageClassifier(Model(contentsOf: "resnet50.pth"))
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
    self.input = input
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
    let sum = row.reduce(0, +)
    let isDistribution = row.allSatisfy { $0 >= 0 } && (sum - 1).magnitude < 1e-3
    let largest = row.max() ?? 0
    let weights = isDistribution ? row : row.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    let labels = model.labels
    return weights.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
      .prefix(max(top, 0)).map { index, weight in
        let label =
          labels.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? "class \(index)"
        return Class(index: index, label: label, score: weight / total)
      }
  }
}

/// The door through which a model takes a picture.
struct PictureInput {
  let name: String
  let preprocessing: Preprocessing
  private let channels: Int

  /// Nil when the value cannot be a picture: not four axes, or neither one nor three channels.
  init?(_ value: Value, preprocessing known: Preprocessing?) {
    guard let dimensions = value.type.dimensions, dimensions.count == 4 else { return nil }
    let isPlanar = [1, 3].contains(dimensions[1].value ?? 3)
    let isChannelsLast = !isPlanar || dimensions[1].value == nil && dimensions[3].value != nil
    let channelAxis = isChannelsLast ? 3 : 1
    guard [1, 3].contains(dimensions[channelAxis].value ?? 3) else { return nil }
    let height = dimensions[isChannelsLast ? 1 : 2].value
    let width = dimensions[isChannelsLast ? 2 : 3].value
    var preprocessing =
      known
      ?? Preprocessing(
        resize: .exactly(height: height ?? width ?? 224, width: width ?? height ?? 224))
    preprocessing.isChannelsLast = isChannelsLast
    if let height, let width, preprocessing.outputSize != .init(height: height, width: width) {
      // The graph takes one size only: the picture is made to fit it
      preprocessing.resize = .exactly(height: height, width: width)
      preprocessing.crop = nil
    }
    name = value.name
    channels = dimensions[channelAxis].value ?? 3
    self.preprocessing = preprocessing
  }

  func tensor(of picture: Picture) -> Tensor {
    let (values, size) = preprocessing.values(of: picture)
    let shape: Shape =
      preprocessing.isChannelsLast
      ? [1, size.height, size.width, 3] : [1, 3, size.height, size.width]
    let tensor = Tensor(shape: shape, values)
    return channels == 3 ? tensor : gray(tensor)
  }

  /// One channel of brightness.
  ///
  /// - Source: ITU-R BT.601 luma, as in PIL's conversion to `L`.
  private func gray(_ tensor: Tensor) -> Tensor {
    let axis = preprocessing.isChannelsLast ? 3 : 1
    let parts = (0..<3).map { tensor.sliced(axis: axis, $0..<($0 + 1)).floats }
    let weights: [Float] = [0.299, 0.587, 0.114]
    let values = parts[0].indices.map { i in
      weights[0] * parts[0][i] + weights[1] * parts[1][i] + weights[2] * parts[2][i]
    }
    var shape = tensor.shape.dimensions
    shape[axis] = 1
    return Tensor(shape: Shape(shape), values)
  }
}
