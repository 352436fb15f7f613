import BinaryIO

/// How texts that are too long are cut.
public struct Truncation: Sendable, Equatable {
  public enum Strategy: String, Sendable {
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }

  public enum Side: String, Sendable {
    case left = "Left"
    case right = "Right"
  }

  /// The most tokens, special ones included.
  public var maximumLength: Int
  /// How many tokens a cut-off part repeats of the part before it.
  public var stride: Int
  public var strategy: Strategy
  /// The side that is cut off.
  public var side: Side

  public init(
    maximumLength: Int, stride: Int = 0, strategy: Strategy = .longestFirst, side: Side = .right
  ) {
    self.maximumLength = maximumLength
    self.stride = stride
    self.strategy = strategy
    self.side = side
  }

  /// Cuts the encodings, of which special tokens will take `reserved` places.
  func apply(to parts: inout [Encoding], reserving reserved: Int) throws {
    let limit = maximumLength - reserved
    guard limit >= 0 else {
      throw DataError(
        .mismatch, "truncation to \(maximumLength) tokens leaves none",
        expected: "more than the \(reserved) special ones")
    }
    let total = parts.reduce(0) { $0 + $1.count }
    guard total > limit else { return }
    guard parts.count == 2 else {
      if strategy == .onlySecond {
        throw DataError(.mismatch, "truncation of the second text, and there is only one")
      }
      return try cut(&parts[0], to: limit)
    }
    switch strategy {
    case .longestFirst:
      let isSwapped = parts[0].count > parts[1].count
      var (short, long) = (
        min(parts[0].count, parts[1].count), max(parts[0].count, parts[1].count)
      )
      long = short > limit ? short : max(short, limit - short)
      if short + long > limit {
        short = limit / 2
        long = short + limit % 2
      }
      try cut(&parts[0], to: isSwapped ? long : short)
      try cut(&parts[1], to: isSwapped ? short : long)
    case .onlyFirst, .onlySecond:
      let place = strategy == .onlyFirst ? 0 : 1
      let kept = parts[place].count - (total - limit)
      guard kept > 0 else {
        throw DataError(.mismatch, "a text too short for the truncation to \(maximumLength) tokens")
      }
      try cut(&parts[place], to: kept)
    }
  }

  private func cut(_ encoding: inout Encoding, to length: Int) throws {
    guard length < encoding.count else { return }
    guard length > 0 else {
      encoding = encoding.part(0..<0)
      return
    }
    guard stride < length else {
      throw DataError(
        .mismatch, "a truncation's stride of \(stride)", expected: "less than \(length)")
    }
    let step = length - stride
    var ranges: [Range<Int>] = []
    if side == .right {
      var start = 0
      repeat {
        ranges.append(start..<min(start + length, encoding.count))
        start += step
      } while ranges[ranges.count - 1].upperBound < encoding.count
    } else {
      var end = encoding.count
      repeat {
        ranges.append(max(end - length, 0)..<end)
        end -= step
      } while ranges[ranges.count - 1].lowerBound > 0
    }
    let parts = ranges.map { encoding.part($0) }
    encoding = parts[0]
    encoding.overflowing = Array(parts.dropFirst())
  }
}

/// How texts that are too short are filled up.
public struct Padding: Sendable, Equatable {
  /// The length to pad to; nil is that of the batch's longest.
  public var length: Int?
  public var multiple: Int?
  public var side: Truncation.Side
  public var id: Int
  public var typeID: Int
  public var token: String

  public init(
    length: Int? = nil, multiple: Int? = nil, side: Truncation.Side = .right, id: Int = 0,
    typeID: Int = 0, token: String = "[PAD]"
  ) {
    self.length = length
    self.multiple = multiple
    self.side = side
    self.id = id
    self.typeID = typeID
    self.token = token
  }

  /// Pads all to the same length.
  func apply(to encodings: inout [Encoding]) {
    var target = length ?? encodings.map(\.count).max() ?? 0
    if let multiple, multiple > 0, target % multiple > 0 { target += multiple - target % multiple }
    for i in encodings.indices {
      pad(&encodings[i], to: target)
      for j in encodings[i].overflowing.indices { pad(&encodings[i].overflowing[j], to: target) }
    }
  }

  private func pad(_ encoding: inout Encoding, to length: Int) {
    guard encoding.count < length else { return }
    var filling = Encoding(lexicon: encoding.lexicon)
    let name = encoding.lexicon.text(id) == token ? nil : token
    for _ in encoding.count..<length { filling.appendSpecial(id, name: name, typeID: typeID) }
    filling.attentionMask = [Int](repeating: 0, count: filling.count)
    let overflowing = encoding.overflowing
    if side == .right {
      encoding.append(filling)
    } else {
      filling.append(encoding)
      encoding = filling
    }
    encoding.overflowing = overflowing
  }
}
