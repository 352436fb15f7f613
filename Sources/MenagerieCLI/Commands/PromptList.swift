import BinaryIO
import JSON
import Menagerie

/// Several prompts of one command, and what is said of their continuations.
struct PromptList {
  /// Prompts that are written together.
  private static let together = 8

  var prompts: [String]
  /// A file with more of them, one a line.
  var file: String?
  var json: Bool

  func write(with generator: TextGenerator, _ options: GenerationOptions) throws {
    let all = try prompts + (file.map(TextLines.read) ?? []).filter { !$0.isEmpty }
    guard !all.isEmpty else { throw DataError(.mismatch, "holds no prompts", path: file) }
    var texts: [FinishedText] = []
    let start = System.seconds
    for first in stride(from: 0, to: all.count, by: PromptList.together) {
      let group = Array(all[first..<min(first + PromptList.together, all.count)])
      if all.count > group.count { Terminal.progress("\(first) of \(all.count) …") }
      var options = options
      if let seed = options.sampling.seed { options.sampling.seed = seed &+ UInt64(first) }
      texts += try generator.finish(batch: group, options: options)
    }
    Terminal.endProgress()
    let count = texts.reduce(0) { $0 + $1.ids.count }
    show(zip(all, texts).map { ($0, $1) }, speed: Double(count) / max(System.seconds - start, 1e-9))
  }

  private func show(_ texts: [(prompt: String, text: FinishedText)], speed: Double) {
    guard !json else {
      Terminal.say(json: [
        "results": .array(
          texts.map { prompt, text in
            [
              "prompt": .string(prompt), "text": .string(text.text),
              "ids": .array(text.ids.map { .integer($0) }),
              "promptIds": .array(text.promptIDs.map { .integer($0) }),
              "finishReason": .string(text.finishReason.rawValue),
            ]
          }), "tokensPerSecond": .number(speed),
      ])
      return
    }
    for (prompt, text) in texts {
      Terminal.say(Terminal.bold(Terminal.shortened(prompt)))
      Terminal.say(text.text)
    }
    Terminal.note("\(texts.count) texts, \(Quantities.fixed(speed, 1)) tokens a second")
  }
}
