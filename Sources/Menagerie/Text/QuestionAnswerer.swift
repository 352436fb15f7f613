import BinaryIO
import ModelGraph
import Tensors
import Text

/// Finds the answer to a question in a text.
///
///     let answerer = try QuestionAnswerer(Model(contentsOf: "distilbert-squad/"))
///     print(try answerer.answer("Where does Ada live?", in: "Ada lives in London.")[0].text)
public struct QuestionAnswerer: Sendable {
  /// A piece of the text, with its probability.
  public struct Answer: Sendable, Hashable {
    public var text: String
    /// Where it lies in the text, in Unicode scalars.
    public var range: Range<Int>
    public var score: Double
  }

  /// The most tokens that an answer has, as in transformers' pipeline.
  private static let longest = 15
  private let text: TextModel

  /// - Throws: `.unsupported` when the model does not tell where answers start and end, or has no tokenizer.
  public init(_ model: Model) throws {
    text = try TextModel(model)
    let graph = try model.graph()
    let names = graph.outputs.map { graph[$0].name }
    guard names.contains("start_logits"), names.contains("end_logits") else {
      throw DataError(
        .unsupported, "gives \(names.joined(separator: ", "))",
        expected: "start_logits and end_logits", path: model.path)
    }
  }

  /// The `top` likeliest answers, the likeliest first; none for a text without words.
  public func answer(_ question: String, in context: String, top: Int = 1) throws -> [Answer] {
    let (encodings, _) = try text.encode([(question, context)])
    let encoding = encodings[0]
    let asked = try text.tokenizer.encode(question, addSpecialTokens: false).count
    let words = encoding.ids.indices.filter { encoding.specialTokensMask[$0] == 0 }
    let places = Array(words.dropFirst(asked))
    guard let first = places.first else { return [] }
    var answers: [Answer] = []
    try text.runEach(encodings, outputs: ["start_logits", "end_logits"]) { _, rows in
      // A first token that stands for the whole text stands for no answer, and has its share
      let specials = text.tokenizer.specials
      let marksBeginning = encoding.ids[0] == specials.bos && specials.bos != specials.cls
      let blank = encoding.specialTokensMask[0] == 1 && !marksBeginning ? [0] : []
      let shares = rows.map { row in
        Array(
          (blank + places).map { Double(row.values[row.values.startIndex + $0]) }.softmax
            .dropFirst(blank.count))
      }
      var found: [(start: Int, end: Int, score: Double)] = []
      for start in places.indices {
        for end in start..<min(start + QuestionAnswerer.longest, places.count) {
          found.append((start, end, shares[0][start] * shares[1][end]))
        }
      }
      let scalars = Array(context.unicodeScalars)
      answers = found.map(\.score).likeliest(top).map { best in
        let (start, end) = (found[best.index].start, found[best.index].end)
        let range =
          encoding.offsets[first + start]
          .lowerBound..<max(
            encoding.offsets[first + end].upperBound, encoding.offsets[first + start].lowerBound)
        var piece = String.UnicodeScalarView()
        piece.append(contentsOf: scalars[range.clamped(to: 0..<scalars.count)])
        return Answer(text: String(piece), range: range, score: best.score)
      }
    }
    return answers
  }
}
