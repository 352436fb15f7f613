import BinaryIO
import Execution
import Images
import ModelGraph
import Tensors
import Text
import Zoo

/// Says which of some texts describes a picture best, by a model that was trained on both.
///
///     let classifier = try ZeroShotClassifier(Model(contentsOf: "clip-vit-base-patch32/"))
///     let answer = try classifier.classify(imageAt: "cat.jpg", as: ["a cat", "a dog"])
public struct ZeroShotClassifier: Sendable {
  public let model: Model
  private let tokenizer: Tokenizer
  private let picture: PictureInput
  private let limit: Int?

  /// - Throws: `.unsupported` when the model does not take texts and pictures, or has no tokenizer.
  public init(_ model: Model) throws {
    self.model = model
    let graph = try model.graph()
    guard graph.inputs.contains(where: { graph[$0].name == "input_ids" }),
      let pixels = graph.inputs.first(where: { graph[$0].name == "pixel_values" }),
      let picture = PictureInput(graph[pixels], preprocessing: model.preprocessing)
    else {
      throw DataError(
        .unsupported, "does not take texts and pictures", expected: "a model such as CLIP",
        path: model.path)
    }
    self.picture = picture
    tokenizer = try model.tokenizer()
    limit = model.zooModel?.definition.longest["input_ids"]
  }

  /// The texts with their probabilities for the picture in a JPEG or PNG file, the likeliest first.
  /// - Throws: `DataError` for a file that is no picture.
  public func classify(imageAt path: String, as texts: [String]) throws -> [ImageClassifier.Class] {
    let encodings = try texts.map { text in
      try tokenizer.encode(text, truncation: limit.map { Truncation(maximumLength: $0) }).ids
    }
    let length = encodings.map(\.count).max() ?? 0
    func padded(_ row: [Int64], _ filler: Int64) -> [Int64] {
      row + [Int64](repeating: filler, count: length - row.count)
    }
    let ids = encodings.flatMap { padded($0.map { Int64($0) }, Int64(tokenizer.paddingID)) }
    let mask = encodings.flatMap { padded($0.map { _ in 1 }, 0) }
    let results = try model.run([
      "input_ids": Tensor(shape: [texts.count, length], ids),
      "attention_mask": Tensor(shape: [texts.count, length], mask),
      picture.name: picture.tensor(of: Picture(contentsOf: path)),
    ])
    guard let logits = results["logits_per_image"] else {
      throw DataError(.unsupported, "gives no logits_per_image", path: model.path)
    }
    return logits.doubles.softmax.likeliest(texts.count).map {
      ImageClassifier.Class(index: $0.index, label: texts[$0.index], score: $0.score)
    }
  }
}
