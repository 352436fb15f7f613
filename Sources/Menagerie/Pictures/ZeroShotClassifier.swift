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
  private let rows: Int?
  private let takesMask: Bool

  /// So many pictures go through the model together.
  private static let batch = 8

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
    takesMask = graph.inputs.contains { graph[$0].name == "attention_mask" }
    tokenizer = try model.tokenizer()
    rows = model.vocabularyRows
    try tokenizer.requireOwnTokens(within: rows, path: model.path)
    limit = model.zooModel?.definition.longest["input_ids"]
  }

  /// The texts with their probabilities for the picture in a JPEG or PNG file, the likeliest first.
  /// - Throws: `DataError` for a file that is no picture.
  public func classify(imageAt path: String, as texts: [String]) throws -> [ImageClassifier.Class] {
    try classify(imagesAt: [path], as: texts)[0]
  }

  /// The same for several pictures at once.
  public func classify(
    imagesAt paths: [String], as texts: [String]
  ) throws -> [[ImageClassifier.Class]] {
    try logits(imagesAt: paths, texts).map { row in
      row.map(Double.init).softmax.likeliest(texts.count).map {
        ImageClassifier.Class(index: $0.index, label: texts[$0.index], score: $0.score)
      }
    }
  }

  /// How well each text fits each picture, as the model gives it: a row for each picture.
  public func logits(imagesAt paths: [String], _ texts: [String]) throws -> [[Float]] {
    guard !texts.isEmpty else { return paths.map { _ in [] } }
    let tokens = try tokens(of: texts)
    var rows: [[Float]] = []
    for start in stride(from: 0, to: paths.count, by: Self.batch) {
      let group = paths[start..<min(start + Self.batch, paths.count)]
      let pictures = try group.map { try picture.tensor(of: Picture(contentsOf: $0)) }
      let shape = pictures[0].shape.dropFirst().map { $0 }
      let batch = Tensor(
        shape: try Shape(checking: [pictures.count] + shape), pictures.flatMap(\.floats))
      let feeds = tokens.merging([picture.name: batch]) { first, _ in first }
      guard let logits = try model.run(feeds)["logits_per_image"],
        logits.shape.dimensions == [pictures.count, texts.count]
      else {
        throw DataError(.unsupported, "gives no logits_per_image", path: model.path)
      }
      let values = logits.floats
      rows += pictures.indices.map {
        Array(values[($0 * texts.count)..<(($0 + 1) * texts.count)])
      }
    }
    return rows
  }

  /// The vectors of texts, of length 1: their products with those of pictures (`ImageEmbedder`) are cosines.
  public func embed(_ texts: [String]) throws -> [[Float]] {
    guard !texts.isEmpty else { return [] }
    let part = try model.part(giving: ["text_embeds"])
    let names = Set(part.inputs.map(\.name))
    let feeds = try tokens(of: texts).filter { names.contains($0.key) }
    return try namingFile(model.path) {
      let tensor = try part.run(feeds)[0].tensor
      let (values, width) = (tensor.floats, tensor.elementCount / texts.count)
      return texts.indices.map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
    }
  }

  /// Texts as the model takes them, the shorter ones filled up.
  private func tokens(of texts: [String]) throws -> [String: Tensor] {
    let encodings = try namingFile(model.path) {
      try texts.map { try tokenizer.encode($0, limit: limit, rows: rows).ids }
    }
    let length = encodings.map(\.count).max() ?? 0
    func padded(_ row: [Int64], _ filler: Int64) -> [Int64] {
      row + [Int64](repeating: filler, count: length - row.count)
    }
    let ids = encodings.flatMap {
      padded($0.map { Int64($0) }, Int64(tokenizer.paddingID(within: rows)))
    }
    var feeds = ["input_ids": Tensor(shape: [texts.count, length], ids)]
    if takesMask {
      let mask = encodings.flatMap { padded($0.map { _ in 1 }, 0) }
      feeds["attention_mask"] = Tensor(shape: [texts.count, length], mask)
    }
    return feeds
  }
}
