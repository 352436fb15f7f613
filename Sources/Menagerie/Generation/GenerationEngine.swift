import BinaryIO
import Synchronization
import Text

/// One token that a model wrote.
public struct GeneratedToken: Sendable, Hashable {
  public var id: Int
  /// The text that is certain with this token: none while a character or a stop word may go on.
  public var text: String
}

/// Why a text ended.
public enum FinishReason: String, Sendable {
  /// The model ended it, or a stop word did.
  case stop
  /// It has as many tokens as were asked for.
  case length
  /// The model's context is full.
  case context
}

/// The past of a model and the tokens in it, so that a later prompt that begins alike need not be read again.
package final class TokenCache: Sendable {
  let past: any ModelPast
  /// The tokens of the first row; batches are not continued.
  let ids = Mutex<[Int]>([])

  init(_ past: any ModelPast) { self.past = past }
}

/// Writes one or several sequences, token by token, all rows at once.
package struct GenerationEngine: Sendable {
  /// One sequence.
  struct Row: Sendable {
    let prompt: [Int]
    /// What the decoder reads before it writes: the prompt, or the token that every text begins with.
    let opening: [Int]
    var ids: [Int] = []
    var text = ""
    var finish: FinishReason?
    var sampler: Sampler
    var decoder: IncrementalDecoder
    var stops: StopWords
    /// Tokens in the past.
    var read = 0
  }

  /// Tokens of a prompt that are read at a time.
  static let chunk = 512

  private let model: any StepModel
  private let cache: TokenCache
  private let options: GenerationOptions
  private let endIDs: Set<Int>
  private let isSingle: Bool
  private(set) var rows: [Row]

  /// - Throws: `.mismatch` for a prompt that is empty or does not fit into the model's context.
  init(
    _ model: any StepModel, _ cache: TokenCache, prompts: [[Int]], tokenizer: Tokenizer,
    options: GenerationOptions, endIDs: Set<Int>
  ) throws {
    if let obstacle = options.sampling.obstacle { throw DataError(.mismatch, obstacle) }
    for prompt in prompts {
      guard !prompt.isEmpty else {
        throw DataError(.mismatch, "the prompt has no tokens", expected: "at least one")
      }
      guard prompt.count < model.contextLength else {
        throw DataError(
          .mismatch, "the prompt has \(prompt.count) tokens",
          expected: "fewer than the \(model.contextLength) of the model's context",
          remedy: "give it a shorter one")
      }
      try tokenizer.requireRows(model.vocabulary, for: prompt)
    }
    self.model = model
    self.cache = cache
    self.options = options
    self.endIDs = endIDs
    isSingle = prompts.count == 1
    var generator = SystemRandomNumberGenerator()
    let seed = options.sampling.seed ?? generator.next()
    rows = prompts.enumerated().map { index, prompt in
      let opening = model.opening(prompt)
      return Row(
        prompt: prompt, opening: opening,
        sampler: Sampler(options.sampling, prompt: opening, seed: seed &+ UInt64(index)),
        decoder: IncrementalDecoder(tokenizer), stops: StopWords(options.stops))
    }
    if options.maximumTokens <= 0 {
      for index in rows.indices { rows[index].finish = .length }
    }
  }

  var isDone: Bool { rows.allSatisfy { $0.finish != nil } }

  /// Writes one token more in each row that goes on; for the others nil.
  mutating func step() throws -> [GeneratedToken?] {
    if isDone { return rows.map { _ in nil } }
    let isFirst = rows.allSatisfy { $0.read == 0 && $0.ids.isEmpty }
    let logits = try isFirst ? readPrompts() : readLast()
    return try rows.indices.map { index in
      guard rows[index].finish == nil else { return nil }
      let start = index * model.vocabulary
      return try take(logits[start..<(start + model.vocabulary)], row: index)
    }
  }

  // MARK: Reading

  private mutating func readLast() throws -> ArraySlice<Float> {
    // A row that is done reads its last token again and again; nobody looks at what follows
    let ids = rows.map { [$0.ids.last ?? $0.opening.last ?? 0] }
    let starts = rows.map { $0.finish == nil ? $0.read : max($0.read - 1, 0) }
    if isSingle, cache.ids.withLock({ $0.count }) != starts[0] {
      throw DataError(.mismatch, "the conversation has gone on without the rest of this answer")
    }
    try cache.past.reserve((starts.max() ?? 0) + 1)
    let logits = try checked(
      cache.past.read(ids, starts: starts, last: rows.map { _ in 0 }))
    for index in rows.indices where rows[index].finish == nil { rows[index].read += 1 }
    noteIDs()
    return logits[...]
  }

  /// Reads the prompts, and gives the logits behind the last token of each.
  private mutating func readPrompts() throws -> ArraySlice<Float> {
    try cache.past.listen(to: rows.map(\.prompt))
    var logits = [Float](repeating: 0, count: rows.count * model.vocabulary)
    var at = sharedPrefix()
    let longest = rows.map(\.opening.count).max() ?? 0
    cache.ids.withLock { $0 = Array($0.prefix(at)) }
    while at < longest {
      let end = min(longest, at + GenerationEngine.chunk)
      let span = at..<end
      // A shorter row is filled up; its filler is overwritten by what it writes
      let ids = rows.map { row in
        let part = row.opening[min(at, row.opening.count)..<min(end, row.opening.count)]
        return Array(part) + [Int](repeating: 0, count: span.count - part.count)
      }
      let starts = rows.map { min(at, $0.opening.count) }
      let last = rows.map { max(0, min($0.opening.count, end) - at - 1) }
      try cache.past.reserve(isSingle ? end : end + span.count)
      let made = try checked(cache.past.read(ids, starts: starts, last: last))
      for (index, row) in rows.enumerated() where span.contains(row.opening.count - 1) {
        let place = index * model.vocabulary..<(index + 1) * model.vocabulary
        logits.replaceSubrange(place, with: made[place])
      }
      at = end
    }
    for index in rows.indices { rows[index].read = rows[index].opening.count }
    noteIDs()
    return logits[...]
  }

  /// How many tokens of the prompt the past has already; the last one is read in any case.
  private func sharedPrefix() -> Int {
    guard isSingle else { return 0 }
    return cache.ids.withLock { known in
      let shared = zip(known, rows[0].opening).prefix { $0 == $1 }.count
      return min(shared, rows[0].opening.count - 1)
    }
  }

  private func noteIDs() {
    guard isSingle else { return }
    let row = rows[0]
    cache.ids.withLock { $0 = Array((row.opening + row.ids).prefix(row.read)) }
  }

  private func checked(_ logits: [Float]) throws -> [Float] {
    guard logits.count == rows.count * model.vocabulary else {
      throw DataError(
        .malformed, "the model gives \(logits.count) logits",
        expected: "\(rows.count) × \(model.vocabulary)")
    }
    return logits
  }

  // MARK: Writing

  private mutating func take(_ logits: ArraySlice<Float>, row index: Int) throws -> GeneratedToken {
    var row = rows[index]
    let id = try row.sampler.choose(logits)
    row.ids.append(id)
    var given = ""
    if endIDs.contains(id) {
      row.finish = .stop
    } else {
      let (text, isStopped) = row.stops.append(try row.decoder.append(id))
      given = text
      if isStopped {
        row.finish = .stop
      } else if row.ids.count >= options.maximumTokens {
        row.finish = .length
      } else if row.opening.count + row.ids.count >= model.contextLength {
        row.finish = .context
      }
      if isStopped {
        row.text += given
        rows[index] = row
        return GeneratedToken(id: id, text: given)
      }
    }
    if row.finish != nil {
      // What was waiting for more comes out, unless the end of it completes a stop word
      let (text, isStopped) = row.stops.append(try row.decoder.finish())
      given += text
      if isStopped { row.finish = .stop } else { given += row.stops.finish() }
    }
    row.text += given
    rows[index] = row
    return GeneratedToken(id: id, text: given)
  }
}
