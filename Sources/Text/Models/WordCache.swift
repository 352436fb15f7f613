/// Tokens as a model gives them: ids, and the bytes of the text that each stands for.
struct TokenBuffer: Sendable {
  var ids: [UInt32] = []
  var starts: [Int32] = []
  var ends: [Int32] = []
  /// Names that differ from the vocabulary's, by place.
  var names: [Int: String] = [:]

  var count: Int { ids.count }

  @inline(__always)
  mutating func append(_ id: UInt32, _ start: Int, _ end: Int) {
    ids.append(id)
    starts.append(Int32(truncatingIfNeeded: start))
    ends.append(Int32(truncatingIfNeeded: end))
  }

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
  }
}

/// The tokens of words that came before, so that a word is taken apart once.
struct WordCache: Sendable {
  /// Longer words seldom come again.
  static let longestWord = 64
  private static let capacity = 1 << 15

  private struct Entry {
    var hash: UInt64
    var keyStart: UInt32
    var tokenStart: UInt32
    var keyCount: UInt16
    var tokenCount: UInt16
  }

  private var slots = [UInt32](repeating: 0, count: WordCache.capacity * 2)
  private var entries: [Entry] = []
  private var keys: [UInt8] = []
  private var ids: [UInt32] = []
  /// Start and end inside the word.
  private var places: [UInt32] = []

  /// Appends the tokens of the word if it is known.
  @inline(__always)
  func append(_ bytes: [UInt8], _ range: Range<Int>, hash: UInt64, to tokens: inout TokenBuffer)
    -> Bool
  {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let entry = entries[Int(slots[slot] - 1)]
      if entry.hash == hash, Int(entry.keyCount) == range.count,
        Hashing.equal(keys, Int(entry.keyStart), bytes, range.lowerBound, count: range.count)
      {
        let first = Int(entry.tokenStart)
        for i in first..<(first + Int(entry.tokenCount)) {
          let place = places[i]
          tokens.append(
            ids[i], range.lowerBound + Int(place >> 16), range.lowerBound + Int(place & 0xFFFF))
        }
        return true
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return false
  }

  /// Remembers the tokens from `first` on as those of the word.
  mutating func insert(
    _ bytes: [UInt8], _ range: Range<Int>, hash: UInt64, _ tokens: TokenBuffer, from first: Int
  ) {
    if entries.count >= WordCache.capacity { self = WordCache() }
    entries.append(
      Entry(
        hash: hash, keyStart: UInt32(keys.count), tokenStart: UInt32(ids.count),
        keyCount: UInt16(range.count), tokenCount: UInt16(tokens.count - first)))
    keys += bytes[range]
    for i in first..<tokens.count {
      let start = UInt32(truncatingIfNeeded: Int(tokens.starts[i]) - range.lowerBound) & 0xFFFF
      let end = UInt32(truncatingIfNeeded: Int(tokens.ends[i]) - range.lowerBound) & 0xFFFF
      ids.append(tokens.ids[i])
      places.append(start << 16 | end)
    }
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(entries.count)
  }
}
