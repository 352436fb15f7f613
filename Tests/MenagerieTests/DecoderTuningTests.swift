import BinaryIO
import Menagerie
import TestSupport
import Testing

/// Tiny decoders learn the alphabet, and answers.
@Suite struct DecoderTuningTests {
  @Test(arguments: [
    "gpt2", "llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3",
  ])
  func aDecoderLearnsAText(name: String) throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("decoders/\(name)", in: scratch)
    let data = scratch.file("text.txt")
    try Letters.write(
      data,
      Array(repeating: Letters.letters.joined(separator: " "), count: 40)
        .joined(separator: " "))
    var options = Letters.options("full", epochs: 4, rate: 0.005)
    options.texts.maximumLength = 16
    options.clip = 1
    var tuner = try FineTuner(model, data: data, options: options)
    #expect(type(of: tuner.task) == GenerateTask.self)
    let before = try #require(try tuner.evaluate()?.metrics.first { $0.name == "perplexity" })
    var last: FineTuner.EpochReport?
    try tuner.run { _ in
    } report: {
      last = $0
    }
    #expect(
      (last?["perplexity"] ?? .infinity) < 0.5 * before.value,
      "\(before.value), \(last?.metrics ?? [])")
  }

  @Test func answersAreLearntAndPromptsAreNot() throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("decoders/llama", in: scratch)
    let data = scratch.file("chat.jsonl")
    let turns = (0..<12).map {
      """
      {"messages": [{"role": "user", "content": "\(Letters.letters[$0]) a"}, \
      {"role": "assistant", "content": "\(Letters.letters[$0 + 1])"}]}
      """
    }
    try Letters.write(data, turns.joined(separator: "\n"))
    let tuner = try FineTuner(
      model, data: data, options: Letters.options("full", epochs: 1, rate: 0.01))
    let batch = try tuner.task.training.batch([0, 1], epoch: 0)
    #expect(batch.weight == 4)
    // [CLS] x a [SEP] [CLS] | y [SEP] and a place of padding: each is to tell the next, and the letters begin at 4
    let prompt = [Int](repeating: -100, count: 4)
    #expect(batch.targets.integers == prompt + [5, 3, -100, -100] + prompt + [6, 3, -100, -100])
    var empty = Letters.options("full", epochs: 1, rate: 0.01)
    empty.texts.maximumLength = 3
    let error = #expect(throws: DataError.self) { try FineTuner(model, data: data, options: empty) }
    #expect(error?.description.contains("nothing that is to be learnt") == true)
  }

  @Test(arguments: [" ", "\n\n", "a"])
  func aTextWithoutATokenToLearnIsRefused(text: String) throws {
    let scratch = ScratchDirectory()
    let model = try Letters.model("decoders/llama", in: scratch)
    let data = scratch.file("short.txt")
    try Letters.write(data, text)
    let error = #expect(throws: DataError.self) {
      try FineTuner(model, data: data, options: Letters.options("full", epochs: 1, rate: 0.01))
    }
    #expect(error?.found == "has nothing that is to be learnt")
    #expect(error?.expected == "a text of two tokens or more")
    // Two are enough
    try Letters.write(data, "a b")
    let tuner = try FineTuner(
      model, data: data, options: Letters.options("full", epochs: 1, rate: 0.01))
    #expect(tuner.task.training.count == 1 && tuner.task.validation.count == 0)
  }
}
