import BinaryIO
import Tensors
import TestSupport
import Testing
import Training

@Suite struct LanguageDatasetTests {
  let scratch = ScratchDirectory()

  func data(
    _ name: String, _ text: String, _ options: LanguageDataset.Options? = nil
  ) throws -> LanguageDataset {
    var plain = LanguageDataset.Options()
    plain.validationShare = 0
    return try LanguageDataset(scratch.write(name, Array(text.utf8)), options ?? plain)
  }

  func message(_ name: String, _ text: String) -> String {
    do {
      _ = try data(name, text)
      return "no error"
    } catch { return "\(error)".replacing(scratch.path + "/", with: "") }
  }

  @Test func layoutsAreToldByColumns() throws {
    let plain = try data("a.txt", "one\ntwo\n")
    #expect(plain.training.map(\.content) == [.text("one\ntwo\n")] && plain.evidence.isEmpty)
    let texts = try data("a.jsonl", "{\"id\": 1, \"text\": \"x\"}\n{\"id\": 2, \"text\": \"y\"}\n")
    #expect(texts.training.map(\.content) == [.text("x"), .text("y")])
    #expect(texts.training.map(\.line) == [1, 2])
    #expect(texts.evidence == ["texts are in 'text', by its name"])
    let answers = try data("a.csv", "prompt,completion\nhow?,so\n")
    #expect(answers.training.map(\.content) == [.completion(prompt: "how?", answer: "so")])
    let instructions = try data(
      "a.jsonl",
      "{\"instruction\": \"add\", \"input\": \"1 1\", \"output\": \"2\"}\n"
        + "{\"instruction\": \"greet\", \"input\": \"\", \"output\": \"hi\"}\n")
    #expect(
      instructions.training.map(\.content) == [
        .completion(prompt: "add\n\n1 1", answer: "2"), .completion(prompt: "greet", answer: "hi"),
      ])
    #expect(
      instructions.evidence
        == ["prompts are in 'instruction' and 'input', answers in 'output', by their names"])
    let chat = try data(
      "a.jsonl",
      "{\"conversations\": [{\"from\": \"human\", \"value\": \"a\"}, "
        + "{\"from\": \"gpt\", \"value\": \"b\"}]}\n")
    #expect(
      chat.training.map(\.content)
        == [
          .conversation([.init(role: "user", content: "a"), .init(role: "assistant", content: "b")])
        ])
  }

  @Test func whatIsBadIsNamedWithFileAndLine() throws {
    for (text, words) in [
      (
        "{\"x\": 1}\n",
        "a.jsonl: no column holds what is to be learnt; expected 'text', 'prompt' and 'completion', or 'messages'"
      ),
      ("{\"text\": \"a\"}\n{\"text\": 1}\n", "a.jsonl: line 2: 'text' is no text"),
      ("{\"text\": \"a\"}\n{\"text\": \"\"}\n", "a.jsonl: line 2: 'text' is empty"),
      ("{\"messages\": []}\n", "a.jsonl: line 1: 'messages' is no list of turns"),
      (
        "{\"messages\": [{\"role\": \"user\"}]}\n",
        "a.jsonl: line 1: a turn of 'messages' has no role or no content; "
          + "expected {\"role\": …, \"content\": …}"
      ),
      (
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n",
        "a.jsonl: line 1: 'messages' has no turn of the assistant: nothing to learn"
      ),
    ] {
      #expect(message("a.jsonl", text) == words)
    }
    var options = LanguageDataset.Options()
    options.skipsBad = true
    options.validationShare = 0
    let rest = try data("a.jsonl", "{\"text\": \"a\"}\n{\"text\": 1}\nx\n", options)
    #expect(rest.training.count == 1 && rest.skipped.count == 2)
    options.textColumn = "body"
    #expect(throws: DataError.self) { try data("a.jsonl", "{\"text\": \"a\"}\n", options) }
  }

  @Test func foldersHaveTheirOwnSplitAndFilesAShare() throws {
    try scratch.write("train.txt", Array("a".utf8))
    try scratch.write("val.txt", Array("b".utf8))
    let folder = try LanguageDataset(scratch.path)
    #expect(folder.validation.map(\.content) == [.text("b")])
    let lines = (0..<20).map { "{\"text\": \"\($0)\"}\n" }.joined()
    let parts = try data("many.jsonl", lines, LanguageDataset.Options())
    #expect(parts.training.count == 18 && parts.validation.count == 2)
  }

  @Test func onlyAnswersAreLearnt() throws {
    let turns = [
      ("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"),
    ]
    .map { LanguageDataset.Turn(role: $0.0, content: $0.1) }
    func template(_ turns: [LanguageDataset.Turn], _ begins: Bool) -> String {
      turns.map { "<\($0.role.prefix(1))>\($0.content)\n" }.joined() + (begins ? "<a>" : "")
    }
    let pieces = try LanguageDataset.Content.conversation(turns).pieces(template: template)
    #expect(pieces.map(\.text) == ["<s>s\n<u>a\n<a>", "b\n", "<u>c\n<a>", "d\n"])
    #expect(pieces.map(\.isLearnt) == [false, true, false, true])
    let sample = TokenSample(pieces, beginning: [1], end: 2) { Array($0.utf8.map { Int($0) }) }
    #expect(sample.ids.count == 1 + 25 + 1 && sample.ids.first == 1 && sample.ids.last == 2)
    #expect(sample.isLearnt.count { $0 } == 2 + 2 + 1)
    // A template that numbers what came before cannot be told apart.
    #expect(throws: DataError.self) {
      try LanguageDataset.Content.conversation(turns).pieces { turns, _ in "\(turns.count)" }
    }
  }

  @Test func textsAreCutIntoBlocks() {
    let blocks = TokenSample.blocks(of: [[1, 2, 3], [4, 5], [6]], length: 4, separator: 0)
    #expect(blocks.map(\.ids) == [[1, 2, 3, 0], [4, 5, 0, 6]])
    #expect(blocks.allSatisfy { $0.isLearnt == [true, true, true, true] })
    #expect(TokenSample.blocks(of: [[1, 2]], length: 4).map(\.ids) == [[1, 2]])
    #expect(TokenSample.blocks(of: [], length: 4).isEmpty)
    #expect(blocks[0].prefix(2).ids == [1, 2])
  }

  @Test func targetsAreWhatFollows() {
    let batch = TokenBatch(
      [
        TokenSample(ids: [5, 6, 7], isLearnt: [false, false, true]),
        TokenSample(ids: [8], isLearnt: [true]),
      ], padding: 9
    ) { ($0 + 3) / 4 * 4 }
    #expect(batch.ids.dataType == .int64 && batch.ids.shape == [2, 4])
    #expect(batch.ids.floats == [5, 6, 7, 9, 8, 9, 9, 9])
    #expect(batch.mask.floats == [1, 1, 1, 0, 1, 0, 0, 0])
    #expect(batch.targets.floats == [-100, 7, -100, -100, -100, -100, -100, -100])
    #expect(batch.learnt == 1)
    #expect(TokenBatch([], padding: 0).ids.shape == [0, 0])
  }
}
