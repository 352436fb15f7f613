import BinaryIO

/// The tokens of a model and their ids: one run of bytes, and a table of hashes over it.
struct Vocabulary: Sendable {
  /// Ids above this belong to no vocabulary that people train, and would cost memory for nothing.
  static let idLimit = 1 << 23

  private var bytes: [UInt8] = []
  private var starts: [UInt32] = [0]
  private var ids: [UInt32] = []
  private var slots: [UInt32] = []
  /// Entry plus one, by id.
  private var entries: [UInt32] = []

  /// How many different tokens there are.
  private(set) var count = 0

  /// The end of the ids: the highest plus one.
  var idEnd: Int { entries.count }

  init() { slots = [UInt32](repeating: 0, count: 16) }

  init(_ tokens: [String]) throws {
    self.init()
    for (id, token) in tokens.enumerated() { try insert(Array(token.utf8), id: id) }
  }

  mutating func reserve(_ tokens: Int, bytes byteCount: Int) {
    bytes.reserveCapacity(byteCount)
    starts.reserveCapacity(tokens + 1)
    ids.reserveCapacity(tokens)
  }

  /// Adds a token; one that is there already gets the new id, as in a dictionary.
  mutating func insert(_ token: some Collection<UInt8>, id: Int) throws {
    guard id >= 0, id < Vocabulary.idLimit else {
      throw DataError(
        .limitExceeded, "token '\(UTF8Text.string(token))' has the id \(id)",
        expected: "ids below \(Vocabulary.idLimit)")
    }
    guard bytes.count + token.count < 1 << 31 else {
      throw DataError(.limitExceeded, "a vocabulary of more than 2 GB")
    }
    let start = bytes.count
    bytes += token
    if (ids.count + 1) * 2 > slots.count { grow() }
    var slot = Int(truncatingIfNeeded: Hashing.hash(bytes, start..<bytes.count)) & (slots.count - 1)
    while slots[slot] != 0 {
      let entry = Int(slots[slot] - 1)
      if isEqual(entry, bytes, start..<bytes.count) {
        bytes.removeSubrange(start...)
        ids[entry] = UInt32(id)
        setEntry(entry, id: id)
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = UInt32(ids.count + 1)
    starts.append(UInt32(bytes.count))
    ids.append(UInt32(id))
    count += 1
    setEntry(ids.count - 1, id: id)
  }

  private mutating func setEntry(_ entry: Int, id: Int) {
    if id >= entries.count {
      entries += repeatElement(0, count: id + 1 - entries.count)
    }
    entries[id] = UInt32(entry + 1)
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for entry in ids.indices {
      let range = Int(starts[entry])..<Int(starts[entry + 1])
      var slot = Int(truncatingIfNeeded: Hashing.hash(bytes, range)) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(entry + 1)
    }
  }

  @inline(__always)
  private func isEqual(_ entry: Int, _ other: [UInt8], _ range: Range<Int>) -> Bool {
    let start = Int(starts[entry])
    return Int(starts[entry + 1]) - start == range.count
      && Hashing.equal(bytes, start, other, range.lowerBound, count: range.count)
  }

  /// The id of the token with these bytes.
  func id(of other: [UInt8], _ range: Range<Int>) -> Int? {
    var slot = Int(truncatingIfNeeded: Hashing.hash(other, range)) & (slots.count - 1)
    while slots[slot] != 0 {
      let entry = Int(slots[slot] - 1)
      if isEqual(entry, other, range) { return Int(ids[entry]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  func id(of token: [UInt8]) -> Int? { id(of: token, 0..<token.count) }
  func id(of token: String) -> Int? { id(of: Array(token.utf8)) }

  /// The bytes of a token, or nil where no token has the id.
  func token(_ id: Int) -> ArraySlice<UInt8>? {
    guard id >= 0, id < entries.count, entries[id] > 0 else { return nil }
    let entry = Int(entries[id] - 1)
    return bytes[Int(starts[entry])..<Int(starts[entry + 1])]
  }

  func text(_ id: Int) -> String? { token(id).map { UTF8Text.string($0) } }

  /// Every token with its id, in the file's order.
  func forEach(_ body: (ArraySlice<UInt8>, Int) throws -> Void) rethrows {
    for entry in ids.indices {
      try body(bytes[Int(starts[entry])..<Int(starts[entry + 1])], Int(ids[entry]))
    }
  }
}
