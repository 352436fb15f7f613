import BinaryIO
import Execution
import Images
import ModelGraph
import Tensors
import Zoo

/// Turns pictures into vectors that lie near each other where the pictures show about the same.
///
///     let embedder = try ImageEmbedder(Model(contentsOf: "dinov2-small/"))
///     let vector = try embedder.embed(imageAt: "cat.jpg")
public struct ImageEmbedder: Sendable {
  public let model: Model
  /// The output that the vector is taken from.
  public let output: String
  private let session: Session
  private let input: PictureInput

  /// What outputs that are one vector a picture are called, the fittest first; of the last the first token's vector is taken.
  private static let outputs = ["image_embeds", "pooler_output", "features", "last_hidden_state"]

  /// - Throws: `.unsupported` when the model gives no vector for a picture.
  public init(_ model: Model) throws {
    let graph = try model.graph()
    let names = graph.outputs.map { graph[$0].name }
    guard let output = Self.outputs.first(where: names.contains) else {
      throw DataError(
        .unsupported, "gives \(names.joined(separator: ", "))",
        expected: "features, as of a model without a classifier", path: model.path)
    }
    let session = try model.part(giving: [output])
    guard session.inputs.count == 1,
      let id = graph.inputs.first(where: { graph[$0].name == session.inputs[0].name }),
      let input = PictureInput(graph[id], preprocessing: model.preprocessing)
    else {
      let inputs = session.inputs.map(\.name).joined(separator: ", ")
      throw DataError(
        .unsupported, "does not make '\(output)' of one picture, but of \(inputs)",
        path: model.path)
    }
    self.model = model
    self.output = output
    self.session = session
    self.input = input
  }

  /// The vector of the picture in a JPEG or PNG file.
  /// - Throws: `DataError` for a file that is no picture.
  public func embed(imageAt path: String) throws -> [Float] {
    let picture = try input.tensor(of: Picture(contentsOf: path))
    return try namingFile(model.path) {
      let tensor = try session.run([input.name: picture])[0].tensor
      guard tensor.shape.rank == 3 else { return tensor.floats }
      return tensor.sliced(axis: 1, 0..<min(1, tensor.shape[1])).floats
    }
  }
}
