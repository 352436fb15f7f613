import BinaryIO
import JSON
import OrderedCollections
import Synchronization
import Testing
import Text

@testable import Menagerie

/// A model that writes the alphabet: after each letter the next one, after z the end.
private struct Alphabet: StepModel {
  var vocabulary = 32
  var contextLength = 40
  /// With one, prompts are read apart, and a text begins behind the last of them.
  var firstToken: Int?
  let reads = Reads()

  final class Reads: Sendable {
    /// Each read's lengths and starts.
    let all = Mutex<[(length: Int, starts: [Int])]>([])
  }

  func makePast(batch: Int, capacity: Int) throws -> any ModelPast {
    AlphabetPast(model: self, batch: batch)
  }
}

/// Remembers what it read, and looks at it as a cache of keys and values does.
private final class AlphabetPast: ModelPast {
  let model: Alphabet
  let tokens: Mutex<[[Int]]>
  private let prompts = Mutex<[[Int]]>([])

  init(model: Alphabet, batch: Int) {
    self.model = model
    tokens = Mutex(Array(repeating: [], count: batch))
  }

  func reserve(_ positions: Int) throws {}

  func listen(to prompts: [[Int]]) throws { self.prompts.withLock { $0 = prompts } }

  func read(_ ids: [[Int]], starts: [Int], last: [Int]) throws -> [Float] {
    model.reads.all.withLock { $0.append((ids[0].count, starts)) }
    return tokens.withLock { tokens in
      var logits: [Float] = []
      for row in ids.indices {
        #expect(starts[row] <= tokens[row].count, "a gap in the past")
        tokens[row] = Array(tokens[row].prefix(starts[row])) + ids[row]
        var token = tokens[row][starts[row] + last[row]]
        if token == model.firstToken { token = prompts.withLock { $0[row].last ?? 0 } }
        var scores = [Float](repeating: 0, count: model.vocabulary)
        scores[token < 25 ? token + 1 : 26] = 5
        logits += scores
      }
      return logits
    }
  }
}

@Suite struct GenerationClaims {
  private let model = Alphabet()

  private func generator(
    _ template: String? = nil, contextLength: Int = 40, of given: Alphabet? = nil
  ) throws -> TextGenerator {
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
    var vocabulary: OrderedDictionary<String, JSONValue> = [:]
    for (id, letter) in letters.enumerated() { vocabulary[letter] = .integer(id) }
    let added: [JSONValue] = [(26, "<end>"), (27, "<|im_end|>")].map { id, content in
      [
        "id": .integer(id), "content": .string(content), "special": true, "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false,
      ]
    }
    let json: JSONValue = [
      "version": "1.0", "added_tokens": .array(added), "decoder": ["type": "Fuse"],
      "model": ["type": "BPE", "vocab": .object(vocabulary), "merges": []],
    ]
    let tokenizer = try Tokenizer(json: Bytes(Array(json.text().utf8)))
    let settings = GenerationSettings(
      endIDs: [26], sampling: .greedy, chatTemplate: template, tokens: ["eos_token": "<end>"])
    var model = given ?? model
    model.contextLength = contextLength
    return try TextGenerator(model, tokenizer: tokenizer, settings: settings, path: "alphabet")
  }

  @Test func writesUntilTheModelEndsIt() async throws {
    let text = try generator().write("uv")
    var pieces: [String] = []
    for try await token in text { pieces.append(token.text) }
    #expect(pieces == ["w", "x", "y", "z", ""])
    #expect(text.ids == [22, 23, 24, 25, 26])
    #expect(text.promptIDs == [20, 21])
    #expect(text.text == "wxyz")
    #expect(text.finishReason == .stop)
    #expect(try text.next() == nil)
    #expect(text.tokensPerSecond > 0)
  }

  @Test func writesNoMoreThanAskedFor() throws {
    let text = try generator().write("a", options: GenerationOptions(maximumTokens: 3))
    #expect(try text.finish() == "bcd")
    #expect(text.finishReason == .length)
  }

  @Test func stopWordsAreNoPartOfTheText() throws {
    let text = try generator().write("a", options: GenerationOptions(stops: ["ef", "xx"]))
    #expect(try text.finish() == "bcd")
    #expect(text.ids == [1, 2, 3, 4, 5])
    #expect(text.finishReason == .stop)
    let held = try generator().write(
      "a", options: GenerationOptions(maximumTokens: 4, stops: ["ef"]))
    #expect(try held.finish() == "bcde")
    #expect(held.finishReason == .length)
  }

  @Test func aFullContextEndsTheText() throws {
    let text = try generator(contextLength: 5).write("ab")
    #expect(try text.finish() == "cde")
    #expect(text.finishReason == .context)
  }

  @Test func promptsThatDoNotFitAreRefused() throws {
    #expect {
      _ = try generator(contextLength: 3).write("abc")
    } throws: {
      "\($0)"
        == "alphabet: the prompt has 3 tokens; expected fewer than the 3 of the model's context; give it a shorter one"
    }
    #expect(throws: DataError.self) { _ = try generator().write("") }
    #expect(throws: DataError.self) { _ = try generator().write(ids: [99]) }
  }

  @Test func anEncoderReadsThePromptAndTheTextBeginsAnew() throws {
    let model = Alphabet(firstToken: 28)
    let generator = try generator(of: model)
    let text = try generator.write("defgvw")
    #expect(try text.finish() == "xyz")
    #expect(text.promptIDs == [3, 4, 5, 6, 21, 22])
    #expect(model.reads.all.withLock { $0.map(\.starts) } == [[0], [1], [2], [3]])
    let texts = try generator.write(
      batch: ["ab", "w", "lmno"], options: GenerationOptions(maximumTokens: 3))
    #expect(texts == ["cde", "xyz", "pqr"])
  }

  @Test func rowsOfABatchAreWrittenAsEachAlone() throws {
    let prompts = ["a", "wxy", "klmno", "z"]
    let options = GenerationOptions(maximumTokens: 6)
    let texts = try generator().write(batch: prompts, options: options)
    #expect(texts == ["bcdefg", "z", "pqrstu", ""])
    #expect(try prompts.map { try generator().write($0, options: options).finish() } == texts)
    #expect(try generator().write(batch: []) == [])
    let finished = try generator().finish(batch: ["wxy", "a"], options: options)
    #expect(finished.map(\.ids) == [[25, 26], [1, 2, 3, 4, 5, 6]])
    #expect(finished.map(\.finishReason) == [.stop, .length])
    #expect(finished[0].promptIDs == [22, 23, 24])
  }

  @Test func longPromptsAreReadInParts() throws {
    let prompt = String(repeating: "abcdefghijklmnopqrstuvwxyz", count: 50) + "a"
    let text = try generator(contextLength: 2000).write(
      prompt, options: GenerationOptions(maximumTokens: 2))
    #expect(try text.finish() == "bc")
    let lengths = model.reads.all.withLock { $0.map(\.length) }
    #expect(lengths == [512, 512, 277, 1])
  }

  @Test func conversationsReadOnlyWhatIsNew() throws {
    let template =
      "{% for m in messages %}{{ m.content }}{% endfor %}{% if not add_generation_prompt %}z{% endif %}"
    let chat = try generator(template).conversation(system: "pq")
    let options = GenerationOptions(maximumTokens: 3)
    #expect(try chat.send("a", options: options).finish() == "bcd")
    #expect(try chat.send("k", options: options).finish() == "lmn")
    let reads = model.reads.all.withLock { $0 }
    // The prompt, two letters; then the third letter with the new turn, two letters
    #expect(reads.map(\.length) == [3, 1, 1, 2, 1, 1])
    #expect(reads.map { $0.starts[0] } == [0, 3, 4, 5, 7, 8])
    #expect(
      chat.messages.map { $0["content"]?.string } == ["pq", "a", "bcd", "k", "lmn"])
    #expect(chat.messages.last?["role"]?.string == "assistant")
  }

  @Test func anAbandonedAnswerCannotDisturbTheNext() throws {
    let chat = try generator("{{ messages[-1].content }}").conversation()
    let old = try chat.send("a")
    _ = try old.next()
    let new = try chat.send("f", options: GenerationOptions(maximumTokens: 2))
    #expect(try new.finish() == "gh")
    #expect(throws: DataError.self) {
      _ = try old.next()
      _ = try old.next()
    }
  }

  @Test func aTemplateIsNeededToTalk() throws {
    #expect {
      _ = try generator().conversation()
    } throws: {
      "\($0)" == "alphabet: has no chat template; continue a text instead (without --chat)"
    }
    let template =
      "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    #expect {
      _ = try generator(template).conversation(system: "x").send("a")
    } throws: {
      "\($0)" == "alphabet: chat template, line 1: the template refuses: no system"
    }
  }

  @Test func turnsEndWhereOtherModelsEndThem() throws {
    let generator = try generator()
    #expect(generator.settings.turnEnds(generator.tokenizer) == [26, 27])
  }
}
