import ArgumentParser
import JSON
import Menagerie

extension RunCommand {
  /// The classes of each text's tokens; for people those that are something.
  func label(_ classifier: TokenClassifier, _ texts: [String]) throws {
    let answers = try classifier.classify(texts)
    if json {
      Terminal.say(json: [
        "results": .array(
          zip(texts, answers).map { text, tokens in
            ["text": .string(text), "tokens": .array(tokens.map(RunCommand.json))]
          })
      ])
      return
    }
    for (text, tokens) in zip(texts, answers) {
      Terminal.say(Terminal.bold(Terminal.shortened(text)))
      for token in tokens where token.label != "O" {
        Terminal.say(score: token.score, "\(token.label)  \(token.token)")
      }
    }
  }

  private static func json(_ token: TokenClassifier.Token) -> JSONValue {
    [
      "token": .string(token.token), "index": .integer(token.index),
      "label": .string(token.label), "score": .number(token.score),
      "start": .integer(token.range.lowerBound), "end": .integer(token.range.upperBound),
    ]
  }

  /// The answers to the first text, a question, in each of the others.
  func answer(_ answerer: QuestionAnswerer, _ texts: [String]) throws {
    guard let question = texts.first, texts.count > 1 else {
      throw ValidationError("give a question, and the texts that may hold its answer")
    }
    var results: [JSONValue] = []
    for text in texts.dropFirst() {
      let answers = try answerer.answer(question, in: text, top: top)
      if json {
        results.append([
          "text": .string(text),
          "answers": .array(
            answers.map {
              [
                "text": .string($0.text), "score": .number($0.score),
                "start": .integer($0.range.lowerBound), "end": .integer($0.range.upperBound),
              ]
            }),
        ])
        continue
      }
      Terminal.say(Terminal.bold(Terminal.shortened(text)))
      for answer in answers { Terminal.say(score: answer.score, answer.text) }
    }
    if json {
      Terminal.say(json: ["question": .string(question), "results": .array(results)])
    }
  }
}
