import BinaryIO
import JSON
import OrderedCollections

/// Makes samples for a language model of records.
struct LanguageReader {
  private let options: LanguageDataset.Options
  private(set) var skipped: [DataError] = []
  private(set) var evidence: [String] = []

  init(_ options: LanguageDataset.Options) { self.options = options }

  /// Where a file has what.
  private enum Layout {
    case text(String)
    /// `input` is what an instruction is about.
    case completion(prompt: String, input: String?, answer: String)
    case conversation(String)
  }

  private static let conversations = ["messages", "conversations", "conversation", "dialogue"]
  private static let completions = [
    ("prompt", "completion"), ("prompt", "response"), ("prompt", "answer"),
    ("instruction", "output"), ("instruction", "response"), ("question", "answer"),
    ("query", "response"), ("input", "output"),
  ]
  private static let texts = ["text", "content", "document", "story", "body", "article"]

  /// Whether the columns' names are those of conversations, or of prompts with answers.
  static func holdsAnswers(_ columns: [String]) -> Bool {
    let names = Set(columns.map { $0.lowercased() })
    return conversations.contains(where: names.contains)
      || completions.contains { names.contains($0.0) && names.contains($0.1) }
  }

  mutating func samples(of path: String) throws -> [LanguageDataset.Sample] {
    if path.lowercased().hasSuffix(".txt") {
      let text = try namingFile(path) { try MappedFile(path: path).bytes.utf8() }
      return [LanguageDataset.Sample(content: .text(text), path: path, line: 1)]
    }
    let file = try RecordFile(path, skipsBad: options.skipsBad)
    skipped += file.skipped
    let layout = try layout(of: file)
    var samples: [LanguageDataset.Sample] = []
    for record in file.records {
      do {
        samples.append(
          LanguageDataset.Sample(
            content: try content(layout, record, file), path: path, line: record.line))
      } catch let error as DataError where options.skipsBad {
        skipped.append(error)
      }
    }
    guard !samples.isEmpty else {
      throw DataError(
        .malformed, "has no record that can be used", path: path,
        remedy: skipped.first.map { "the first one is: \($0)" })
    }
    return samples
  }

  private mutating func layout(of file: RecordFile) throws -> Layout {
    func named(_ names: [String]) -> String? {
      names.lazy.compactMap { name in file.columns.first { $0.lowercased() == name } }.first
    }
    let said = [
      options.textColumn, options.promptColumn, options.answerColumn, options.conversationColumn,
    ].compactMap { $0 }
    for name in said where !file.columns.contains(name) {
      throw DataError(
        .mismatch, "there is no column '\(name)'",
        expected: file.columns.joined(separator: ", "), path: file.path)
    }
    if let column = options.conversationColumn { return .conversation(column) }
    if let prompt = options.promptColumn, let answer = options.answerColumn {
      return .completion(prompt: prompt, input: nil, answer: answer)
    }
    if let column = options.textColumn { return .text(column) }
    if let column = named(Self.conversations) {
      say("conversations are in '\(column)', by its name")
      return .conversation(column)
    }
    for (first, second) in Self.completions {
      guard let prompt = named([first]), let answer = named([second]) else { continue }
      let input = first == "instruction" ? named(["input", "context"]) : nil
      say(
        "prompts are in '\(prompt)'" + (input.map { " and '\($0)'" } ?? "")
          + ", answers in '\(answer)', by their names")
      return .completion(prompt: prompt, input: input, answer: answer)
    }
    guard let column = named(Self.texts) else {
      throw DataError(
        .mismatch, "no column holds what is to be learnt",
        expected: "'text', 'prompt' and 'completion', or 'messages'", path: file.path)
    }
    say("texts are in '\(column)', by its name")
    return .text(column)
  }

  private mutating func say(_ sentence: String) {
    if !evidence.contains(sentence) { evidence.append(sentence) }
  }

  private func content(
    _ layout: Layout, _ record: RecordFile.Record, _ file: RecordFile
  ) throws -> LanguageDataset.Content {
    func text(_ column: String, mayBeEmpty: Bool = false) throws -> String {
      guard let value = record.fields[column], !value.isNull else {
        if mayBeEmpty { return "" }
        throw file.error(record, "has no '\(column)'")
      }
      guard let text = value.string else { throw file.error(record, "'\(column)' is no text") }
      guard mayBeEmpty || !text.isEmpty else { throw file.error(record, "'\(column)' is empty") }
      return text
    }
    switch layout {
    case .text(let column): return .text(try text(column))
    case .completion(let prompt, let input, let answer):
      var question = try text(prompt)
      if let more = try input.map({ try text($0, mayBeEmpty: true) }), !more.isEmpty {
        question += "\n\n" + more
      }
      return .completion(prompt: question, answer: try text(answer))
    case .conversation(let column):
      guard let turns = record.fields[column]?.array, !turns.isEmpty else {
        throw file.error(record, "'\(column)' is no list of turns")
      }
      let read = try turns.map { turn in
        guard let role = (turn["role"] ?? turn["from"])?.string,
          let content = (turn["content"] ?? turn["value"])?.string
        else {
          throw file.error(
            record, "a turn of '\(column)' has no role or no content",
            expected: "{\"role\": …, \"content\": …}")
        }
        let known = ["human": "user", "gpt": "assistant"]
        return LanguageDataset.Turn(role: known[role] ?? role, content: content)
      }
      guard read.contains(where: { $0.role == "assistant" }) else {
        throw file.error(record, "'\(column)' has no turn of the assistant: nothing to learn")
      }
      return .conversation(read)
    }
  }
}
