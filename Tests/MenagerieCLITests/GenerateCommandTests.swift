import ArgumentParser
import Menagerie
import Testing

@testable import MenagerieCLI

@Suite struct GenerateCommandClaims {
  private func sampling(
    _ arguments: String..., onTopOf defaults: Sampling = .greedy
  ) throws -> Sampling {
    try SamplingOptions.parse(arguments).applied(to: defaults)
  }

  @Test func whatIsNotGivenIsTheModels() throws {
    let files = Sampling(temperature: 0.6, topK: 20, topP: 0.9, repetitionPenalty: 1.1)
    #expect(try sampling(onTopOf: files) == files)
    #expect(try sampling("--temperature", "0", onTopOf: files).temperature == 0)
    #expect(try sampling("--top-k", "5", onTopOf: files).topK == 5)
    #expect(try sampling("--top-k", "5", onTopOf: files).temperature == 0.6)
  }

  @Test func aBoundAloneDraws() throws {
    #expect(try sampling("--top-p", "0.9") == Sampling(temperature: 1, topP: 0.9))
    #expect(try sampling("--seed", "7") == Sampling(seed: 7))
  }

  @Test(arguments: [
    ["--temperature", "-1"], ["--top-k", "-1"], ["--top-p", "0"], ["--top-p", "1.5"],
    ["--min-p", "2"], ["--repetition-penalty", "0"],
  ])
  func numbersThatMakeNoSenseAreRefused(arguments: [String]) {
    #expect(throws: (any Error).self) { try SamplingOptions.parse(arguments) }
  }

  @Test(arguments: [
    ["m.gguf", "--prompt", ""], ["m.gguf", "--prompt", "x", "--system", "y"],
    ["m.gguf", "--prompt", "x", "--max-tokens", "0"], ["m.gguf", "--prompt", "x", "--stop", ""],
    ["--prompt", "x"], ["m.gguf", ""], ["m.gguf", "two", "words"],
    ["m.gguf", "x", "--prompt", "y", "--chat"],
  ])
  func commandLinesThatMakeNoSenseAreRefused(arguments: [String]) {
    #expect(throws: (any Error).self) { try GenerateCommand.parse(arguments) }
  }

  @Test func theTextMayFollowTheModel() throws {
    #expect(try GenerateCommand.parse(["m.gguf", "Once upon"]).prompts == ["Once upon"])
    let both = try GenerateCommand.parse(["m.gguf", "--prompt", "Dear Sir,", "Once upon"])
    #expect(both.prompts == ["Once upon", "Dear Sir,"])
  }

  @Test func stopsMayBeGivenAgain() throws {
    let command = try GenerateCommand.parse([
      "m.gguf", "--prompt", "x", "--stop", "a", "--stop", "-b", "--max-tokens", "9",
    ])
    #expect(command.stops == ["a", "-b"])
    #expect(command.maxTokens == 9)
  }
}
