import BinaryIO
import Operators
import Tensors

/// Tokens, and which of them a model is to learn to say.
public struct TokenSample: Sendable, Hashable {
  public private(set) var ids: [Int]
  public private(set) var isLearnt: [Bool]

  public init(ids: [Int], isLearnt: [Bool]) {
    precondition(ids.count == isLearnt.count, "\(ids.count) tokens, \(isLearnt.count) marks")
    self.ids = ids
    self.isLearnt = isLearnt
  }

  /// Pieces of text, each a prompt or something to learn, one after the other.
  ///
  /// - Parameters:
  ///   - end: the token that ends what was said; it is learnt.
  ///   - encode: text to tokens, without special ones of its own.
  public init(
    _ pieces: [(text: String, isLearnt: Bool)], beginning: [Int] = [], end: Int? = nil,
    encode: (String) throws -> [Int]
  ) rethrows {
    ids = beginning
    isLearnt = beginning.map { _ in false }
    for piece in pieces where !piece.text.isEmpty {
      let tokens = try encode(piece.text)
      ids += tokens
      isLearnt += tokens.map { _ in piece.isLearnt }
    }
    if let end {
      ids.append(end)
      isLearnt.append(true)
    }
  }

  /// Whether there is a token to learn: the first of all follows from nothing.
  public var teaches: Bool { isLearnt.dropFirst().contains(true) }

  /// The first tokens, at most so many.
  public func prefix(_ count: Int) -> TokenSample {
    TokenSample(ids: Array(ids.prefix(count)), isLearnt: Array(isLearnt.prefix(count)))
  }

  /// Texts one behind the other, cut into samples of one length; what is left is dropped unless it is all.
  ///
  /// - Parameter separator: the token between two texts.
  public static func blocks(
    of texts: [[Int]], length: Int, separator: Int? = nil
  ) -> [TokenSample] {
    precondition(length > 0, "blocks of \(length) tokens")
    let ids = texts.flatMap { text in text + (separator.map { [$0] } ?? []) }
    guard ids.count >= length else {
      return ids.isEmpty ? [] : [TokenSample(ids: ids, isLearnt: ids.map { _ in true })]
    }
    return (0..<(ids.count / length)).map { block in
      TokenSample(
        ids: Array(ids[(block * length)..<((block + 1) * length)]),
        isLearnt: Array(repeating: true, count: length))
    }
  }
}

extension LanguageDataset.Content {
  /// The text in pieces that are learnt or not.
  ///
  /// - Parameter template: makes a conversation's text; its flag asks for the words that begin an answer.
  /// - Throws: what the template throws; `.unsupported` when it changes what was said as the conversation goes on.
  public func pieces(
    template: ([LanguageDataset.Turn], Bool) throws -> String
  ) throws -> [(text: String, isLearnt: Bool)] {
    switch self {
    case .text(let text): return [(text, true)]
    case .completion(let prompt, let answer): return [(prompt, false), (answer, true)]
    case .conversation(let turns):
      var pieces: [(text: String, isLearnt: Bool)] = []
      var done = ""
      for place in turns.indices where turns[place].role == "assistant" {
        let before = try template(Array(turns[..<place]), true)
        let after = try template(Array(turns[...place]), false)
        guard before.utf8.starts(with: done.utf8), after.utf8.starts(with: before.utf8) else {
          throw DataError(
            .unsupported, "the chat template changes earlier turns: answers cannot be told apart")
        }
        func rest(_ text: String, after part: String) -> String {
          String(decoding: text.utf8.dropFirst(part.utf8.count), as: UTF8.self)
        }
        pieces.append((rest(before, after: done), false))
        pieces.append((rest(after, after: before), true))
        done = after
      }
      return pieces
    }
  }
}

/// Samples side by side, of one length.
public struct TokenBatch: Sendable {
  /// `[N, L]` int64, filled up with the padding token.
  public let ids: Tensor
  /// `[N, L]` int64: 1 for a token, 0 for padding.
  public let mask: Tensor
  /// `[N, L]` int64: the token that is to follow, or `ignored`.
  public let targets: Tensor
  /// How many targets count.
  public let learnt: Int

  /// What a target is that does not count; PyTorch's.
  public static let ignored = TokenCrossEntropy.ignored

  /// - Parameter length: to what the length of the longest is rounded up, so that there are few different ones.
  public init(
    _ samples: [TokenSample], padding: Int,
    length: (Int) -> Int = { BatchLength.of($0, limit: nil) }
  ) {
    let longest = samples.map(\.ids.count).max() ?? 0
    let length = length(longest)
    precondition(length >= longest, "\(longest) tokens in \(length) places")
    var (ids, mask, targets): ([Int], [Int], [Int]) = ([], [], [])
    for sample in samples {
      let rest = length - sample.ids.count
      ids += sample.ids + Array(repeating: padding, count: rest)
      mask += Array(repeating: 1, count: sample.ids.count) + Array(repeating: 0, count: rest)
      for place in 0..<length {
        let next = place + 1
        targets.append(
          next < sample.ids.count && sample.isLearnt[next] ? sample.ids[next] : Self.ignored)
      }
    }
    let shape: Shape = [samples.count, length]
    func tensor(_ values: [Int]) -> Tensor { Tensor(shape: shape, values) }
    (self.ids, self.mask, self.targets) = (tensor(ids), tensor(mask), tensor(targets))
    learnt = targets.count { $0 != Self.ignored }
  }
}
