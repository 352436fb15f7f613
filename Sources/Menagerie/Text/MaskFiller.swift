import BinaryIO
import Formats
import ModelGraph
import Tensors
import Text

/// Says what a masked word of a text may be.
///
///     let filler = try MaskFiller(Model(contentsOf: "bert-base-uncased/"))
///     print(try filler.fill("Paris is the capital of [MASK].")[0].first?.token ?? "")
public struct MaskFiller: Sendable {
  /// A token that fits, with its probability.
  public struct Candidate: Sendable {
    public var id: Int
    /// The token as text, without what marks the beginning of a word.
    public var token: String
    public var score: Double
  }

  /// How the model's texts mark the place to fill: `[MASK]`, `<mask>`.
  public let mask: String
  private let maskID: Int
  private let text: TextModel

  /// - Throws: `.unsupported` when the model does not give logits for each token, or its tokenizer has no mask.
  public init(_ model: Model) throws {
    text = try TextModel(model)
    try text.requireLogits(rank: 3, "[batch, sequence, vocabulary]")
    guard let id = text.tokenizer.maskID, let token = text.tokenizer.token(of: id) else {
      throw DataError(.unsupported, "its tokenizer has no token for a mask", path: model.path)
    }
    (maskID, mask) = (id, token)
  }

  /// For each mask in the text, the `top` likeliest tokens, the likeliest first.
  /// - Throws: `.mismatch` for a text without a mask.
  public func fill(_ text: String, top: Int = 5) throws -> [[Candidate]] {
    let (encodings, cut) = try self.text.encode([(text, nil)])
    let places = encodings[0].ids.indices.filter { encodings[0].ids[$0] == maskID }
    guard !places.isEmpty else {
      throw DataError(
        .mismatch,
        "the text has no \(mask)" + (cut.isEmpty ? "" : " in the part that the model takes"),
        expected: "\(mask) where a word is to be found", subject: "'\(text)'")
    }
    var answers: [[Candidate]] = []
    try self.text.run(encodings) { _, logits, shape in
      answers = try places.map { place in
        try logits.probabilities(ofRow: place, width: shape[1]).likeliest(top).map {
          let name = try self.text.tokenizer.decode([$0.index], skipSpecialTokens: false)
          return Candidate(
            id: $0.index, token: String(name.drop { $0 == " " }), score: $0.score)
        }
      }
    }
    return answers
  }
}
