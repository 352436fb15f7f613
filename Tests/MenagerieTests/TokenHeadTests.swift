import BinaryIO
import Menagerie
import TestSupport
import Testing

/// Heads that say something of each token, on tiny BERTs with a vocabulary of letters.
@Suite struct TokenHeadTests {
  /// The model as a directory with a vocabulary: `a` to `z`, after what BERT needs.
  private func model(_ name: String, in scratch: ScratchDirectory) throws -> Model {
    try System.createDirectory(scratch.file(name))
    func write(_ file: String, _ bytes: Bytes) throws {
      let writer = try AtomicFileWriter(path: scratch.file("\(name)/\(file)"))
      try writer.write(bytes)
      try writer.commit()
    }
    for file in ["config.json", "model.safetensors"] {
      try write(file, MappedFile(path: Fixtures.path("encoders/\(name)/\(file)")).bytes)
    }
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters
    try write("vocab.txt", Bytes(Array(words.joined(separator: "\n").utf8)))
    return try Model(contentsOf: scratch.file(name))
  }

  @Test func eachTokenHasAClassAndAPlace() throws {
    let scratch = ScratchDirectory()
    let classifier = try TokenClassifier(model("bert-tokens", in: scratch))
    let text = "a B  z"
    let tokens = try classifier.classify(text)
    #expect(tokens.map(\.token) == ["a", "b", "z"])
    #expect(tokens.map(\.range) == [0..<1, 2..<3, 5..<6])
    #expect(tokens.allSatisfy { (0..<5).contains($0.index) && $0.score >= 0.2 && $0.score <= 1 })
    // Texts of other lengths beside it change nothing
    let together = try classifier.classify(["q w e r t y u i o p", text])[1]
    #expect(together.map(\.index) == tokens.map(\.index))
    #expect(zip(together, tokens).allSatisfy { abs($0.score - $1.score) < 1e-5 })
  }

  @Test func anAnswerIsAPieceOfTheText() throws {
    let scratch = ScratchDirectory()
    let answerer = try QuestionAnswerer(model("bert-answers", in: scratch))
    let text = "x y z d e"
    let answers = try answerer.answer("a b", in: text, top: 100)
    // Every piece of five tokens, the likeliest first
    #expect(answers.count == 15 && Set(answers.map(\.range)).count == 15)
    #expect(answers.map(\.score) == answers.map(\.score).sorted(by: >))
    #expect(answers.reduce(0) { $0 + $1.score } <= 1)
    for answer in answers {
      let scalars = Array(text.unicodeScalars)[answer.range]
      #expect(Array(answer.text.unicodeScalars) == Array(scalars))
    }
    #expect(try answerer.answer("a b", in: "", top: 3).isEmpty)
  }

  @Test func otherHeadsAreRefused() throws {
    let scratch = ScratchDirectory()
    let model = try model("bert-tokens", in: scratch)
    #expect(throws: DataError.self) { try QuestionAnswerer(model) }
    #expect(throws: DataError.self) { try TextClassifier(model) }
  }
}
