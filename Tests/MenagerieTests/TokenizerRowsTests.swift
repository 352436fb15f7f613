import BinaryIO
import Formats
import JSON
import OrderedCollections
import TestSupport
import Testing
import Text

@testable import Menagerie

/// Tokenizers with a token that the model has no row for, as Gemma 3's for pictures.
@Suite struct TokenizerRowsTests {
  private func complaint(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func aModelWritesUntilATextHasTheToken() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("decoders/llama", in: scratch, filler: (80, "<picture>"))
    let other = ScratchDirectory()
    let plain = try Letters.model("decoders/llama", in: other)
    var options = GenerationOptions()
    options.maximumTokens = 4
    func written(_ model: Model, _ prompt: String) throws -> [Int] {
      let text = try TextGenerator(model).write(prompt, options: options)
      _ = try text.finish()
      return text.ids
    }
    #expect(try written(model, "a b c") == written(plain, "a b c"))
    let message = complaint { _ = try written(model, "a <picture> b") }
    #expect(message.contains("gives the id 80, '<picture>', the model has rows for 80"))
    #expect(message.contains(model.path))
  }

  /// Short texts are filled up with another token than the one without a row.
  @Test func vectorsAreThoseWithoutTheToken() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch, filler: (70, "<fill>"))
    let other = ScratchDirectory()
    let plain = try Letters.model("encoders/bert", in: other)
    let texts = ["a", "b c d e", "f g"]
    #expect(try TextEmbedder(model).embed(texts) == TextEmbedder(plain).embed(texts))
    #expect(complaint { _ = try TextEmbedder(model).embed(["<fill>"]) }.contains("'<fill>'"))
  }

  @Test func dataWithTheTokenIsNamed() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("decoders/llama", in: scratch, filler: (80, "<fill>"))
    let data = scratch.file("data.csv")
    let rows = Letters.rows(8).map { "\($0.text),\($0.isSecond ? "late" : "early")" }
    let classifying = Letters.options("full", epochs: 1, rate: 0.001)
    try Letters.write(data, "text,label\n" + rows.joined(separator: "\n") + "\n")
    var tuner = try FineTuner(model, data: data, options: classifying)
    try tuner.run()
    // The end, of which there is a row
    let config = try tuner.model().checkpoint.sidecars["config.json"]
    #expect(config?["pad_token_id"]?.integer == 3, "\(config?.text() ?? "")")
    try Letters.write(data, "text,label\n" + rows.joined(separator: "\n") + "\n<fill> a,late\n")
    let message = complaint {
      _ = try FineTuner(model, data: data, options: classifying)
    }
    #expect(message.contains("'<fill>'") && message.contains("line 10"), "\(message)")
  }

  /// Another model's tokenizer has too many of its own.
  @Test func tokensOfAnotherModelAreRefusedAtOnce() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("encoders/bert", in: scratch)
    #expect(
      complaint { try model.tokenizer().requireOwnTokens(within: 20, path: "x") }
        .contains("the tokenizer has ids up to 23, the model rows for 20"))
    let sparse = try Tokenizer(
      json: Bytes(
        Array(
          #"{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 90}, "unk_token": "a"}}"#.utf8)))
    #expect(complaint { try sparse.requireOwnTokens(within: 90, path: "x") }.contains("up to 90"))
    #expect(complaint { try sparse.requireOwnTokens(within: 91, path: "x") } == "")
  }
}
