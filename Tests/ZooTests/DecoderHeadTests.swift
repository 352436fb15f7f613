import BinaryIO
import Execution
import Formats
import ModelGraph
import Tensors
import TestSupport
import Testing
import Zoo

/// Decoders that tell classes or find answers, against transformers.
@Suite struct DecoderHeadTests {
  @Test(arguments: ["llama-text", "qwen2-text", "gemma-text", "gpt2-text"])
  func tellsClassesAsTransformersDoes(name: String) throws {
    let model = try DecoderTests.model(name)
    #expect(model.account.isComplete && model.configuration.task == .textClassification)
    #expect(model.configuration.classes == 3)
    #expect(model.labels == (name == "gpt2-text" ? ["dull", "lively", "wild"] : nil))
    let (ids, mask, golden) = (
      try NumPyArrays.array("decoders/\(name)/ids.npy"),
      try NumPyArrays.array("decoders/\(name)/mask.npy"),
      try NumPyArrays.array("decoders/\(name)/logits.npy")
    )
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    // Where a text ends is known from the filler or from the mask
    let ones = Tensor(shape: mask.shape, mask.integers.map { _ in Int64(1) })
    let other = Tensor(
      shape: ids.shape, zip(ids.integers, mask.integers).map { Int64($1 == 1 ? $0 : 7) })
    for (ids, mask) in [(ids, mask), (ids, ones), (other, mask)] {
      let answer = try session.run(["input_ids": ids, "attention_mask": mask])
      let logits = try #require(answer["logits"])
      #expect(logits.shape == [2, 3])
      let off = zip(logits.doubles, golden.doubles).map { abs($0 - $1) }.max() ?? .infinity
      #expect(off <= 1e-4 * (golden.doubles.map(abs).max() ?? 1), "off by \(off)")
    }
    let configuration = try #require(model.configuration as? any GenerativeConfiguration)
    #expect(throws: DataError.self) { try configuration.buildStep() }
    #expect(model.obstacle(to: .gguf)?.code == .unsupported)
  }

  @Test(arguments: [
    ("llama-tokens", ["logits"]), ("gpt2-tokens", ["logits"]),
    ("qwen2-answers", ["start_logits", "end_logits"]),
    ("mistral-answers", ["start_logits", "end_logits"]),
    ("gpt2-answers", ["start_logits", "end_logits"]),
  ])
  func tellsOfEachTokenWhatTransformersDoes(name: String, outputs: [String]) throws {
    let model = try DecoderTests.model(name)
    let isForTokens = outputs.count == 1
    #expect(model.account.isComplete && model.configuration.assumptions.isEmpty)
    #expect(
      model.configuration.task == (isForTokens ? .tokenClassification : .questionAnswering))
    #expect(model.configuration.classes == (isForTokens ? name == "gpt2-tokens" ? 4 : 3 : nil))
    func array(_ file: String) throws -> Tensor {
      try NumPyArrays.array("decoders/\(name)/\(file).npy")
    }
    let (ids, mask) = try (array("ids"), array("mask"))
    let weights = Dictionary(
      model.weights.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let session = try Session(graph: model.graph) { try #require(weights[$0]).load() }
    let answer = try session.run(["input_ids": ids, "attention_mask": mask])
    for output in outputs {
      let (logits, golden) = try (#require(answer[output]), array(output))
      #expect(logits.shape == golden.shape)
      let width = golden.shape.elementCount / mask.shape.elementCount
      let off = zip(logits.doubles, golden.doubles).enumerated()
        .filter { mask.integers[$0.offset / width] == 1 }.map { abs($0.element.0 - $0.element.1) }
      let scale = golden.doubles.map(abs).max() ?? 1
      #expect((off.max() ?? .infinity) <= 1e-4 * scale, "\(output) is off by \(off.max() ?? 0)")
    }
    let configuration = try #require(model.configuration as? any GenerativeConfiguration)
    #expect(throws: DataError.self) { try configuration.buildStep() }
    let obstacle = model.obstacle(to: .gguf)
    #expect(obstacle.map { "\($0)".contains("with such a head") } == true)
  }
}
