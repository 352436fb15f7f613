import JSON
import OrderedCollections
import Tensors
import TestSupport
import Testing

@testable import Menagerie

/// What transformers' processors keep: `scripts/fixtures/sampling.py`.
@Suite struct SamplingClaims {
  @Test func keepsTheTokensThatTransformersKeeps() throws {
    let cases = try #require(
      try JSONValue(parsing: try Fixtures.bytes("text/sampling.json")).array)
    #expect(cases.count > 20)
    for (index, entry) in cases.enumerated() {
      let setting = try #require(entry["setting"])
      let sampling = Sampling(
        temperature: setting["temperature"]?.double ?? 0, topK: setting["top_k"]?.integer ?? 0,
        topP: setting["top_p"]?.double ?? 1, minP: setting["min_p"]?.double ?? 0,
        repetitionPenalty: setting["repetition_penalty"]?.double ?? 1)
      var logits = try #require(entry["logits"]?.doubles).map { Float($0) }
      Sampler(sampling, prompt: entry["prompt"]?.integers ?? [], seed: 0).penalise(&logits)
      let candidates = Candidates(logits, sampling)
      let found = zip(candidates.ids, candidates.weights).sorted { $0.0 < $1.0 }
      #expect(found.map(\.0) == entry["kept"]?.integers, "case \(index): \(setting)")
      let expected = entry["probabilities"]?.doubles ?? []
      for (one, probability) in zip(found, expected) {
        #expect(abs(one.1 / candidates.total - probability) < 1e-6, "case \(index), \(one.0)")
      }
    }
  }

  private let logits: [Float] = [0.5, 2, 1.9, -1, 0.7, -.infinity]

  @Test func greedyTakesTheFirstOfTheLikeliest() throws {
    var sampler = Sampler(.greedy, prompt: [], seed: 1)
    #expect(try sampler.choose(logits[...]) == 1)
    #expect(try sampler.choose([1, 3, 3]) == 1)
    #expect(try sampler.choose([.nan, -5, -4]) == 2)
  }

  @Test func drawsAsOftenAsIsLikely() throws {
    var sampler = Sampler(Sampling(temperature: 1), prompt: [], seed: 3)
    var counts = [Int](repeating: 0, count: logits.count)
    for _ in 0..<20_000 { counts[try sampler.choose(logits[...])] += 1 }
    let candidates = Candidates(logits, Sampling(temperature: 1))
    for (id, weight) in zip(candidates.ids, candidates.weights) {
      let share = weight / candidates.total
      #expect(abs(Double(counts[id]) / 20_000 - share) < 0.015)
    }
    #expect(counts[5] == 0)
  }

  @Test func sameSeedSameTokens() throws {
    func draw(_ seed: UInt64) throws -> [Int] {
      var sampler = Sampler(Sampling(temperature: 2), prompt: [], seed: seed)
      return try (0..<50).map { _ in try sampler.choose(logits[...]) }
    }
    #expect(try draw(7) == draw(7))
    #expect(try draw(7) != draw(8))
  }

  /// The generator is part of what a seed promises.
  @Test func drawsTheNumbersOfItsDescription() {
    var random = RandomNumbers(seed: 0)
    #expect(random.next() == 11_091_344_671_253_066_420)
    #expect(random.next() == 13_793_997_310_169_335_082)
    var other = RandomNumbers(seed: 1)
    for _ in 0..<1000 { #expect((0..<1).contains(other.unit())) }
  }

  @Test func penaltiesCountWhatWasWritten() throws {
    var sampling = Sampling.greedy
    sampling.frequencyPenalty = 0.6
    sampling.presencePenalty = 0.5
    var sampler = Sampler(sampling, prompt: [0], seed: 0)
    // 2.0 and 1.9 take turns as their penalties grow; the prompt's own token is free
    #expect(try (0..<5).map { _ in try sampler.choose([0.5, 2, 1.9]) } == [1, 2, 1, 2, 0])
  }

  @Test func numbersThatAreNoneAreRefused() {
    var sampler = Sampler(Sampling(temperature: 1, topK: 3), prompt: [], seed: 0)
    #expect(throws: (any Error).self) { try sampler.choose([.nan, .nan]) }
    #expect(Sampling(temperature: -1).obstacle == "temperature -1.0: expected 0 or more")
    #expect(Sampling(topP: 0).obstacle != nil)
    #expect(Sampling(minP: .nan).obstacle != nil)
    #expect(Sampling(repetitionPenalty: 0).obstacle != nil)
    #expect(Sampling(temperature: 0.7, topK: 40, topP: 0.95, minP: 0.1).obstacle == nil)
  }
}

@Suite struct StopWordClaims {
  /// What is given out piece by piece, and whether a word ended it.
  private func given(_ pieces: [String], _ words: [String]) -> (text: [String], isStopped: Bool) {
    var stops = StopWords(words)
    var texts: [String] = []
    for piece in pieces {
      let (text, isStopped) = stops.append(piece)
      texts.append(text)
      if isStopped { return (texts, true) }
    }
    return (texts + [stops.finish()], false)
  }

  @Test func wordsAcrossPiecesEndTheText() {
    let (text, isStopped) = given(["one ", "E", "N", "D two"], ["END"])
    #expect(text == ["one ", "", "", ""])
    #expect(isStopped)
  }

  @Test func whatIsNoStopWordAfterAllComesOut() {
    #expect(given(["a E", "N", "x", "E"], ["END"]).text == ["a ", "", "ENx", "", "E"])
    #expect(given(["ENEND"], ["END"]).text == ["EN"])
    #expect(given(["E", "E", "ND"], ["END"]).text == ["", "E", ""])
  }

  @Test func theFirstWordCounts() {
    #expect(given(["x\n\nUser: y"], ["User:", "\n\n"]).text == ["x"])
    #expect(given(["é", "世", "界!"], ["世界"]).text == ["é", "", ""])
    #expect(given(["abc"], []).text == ["abc", ""])
  }
}
