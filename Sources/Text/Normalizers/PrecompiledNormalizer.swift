import BinaryIO

/// SentencePiece's compiled rules: a double-array trie from what is written to what it becomes.
///
/// The library looks up whole user-perceived characters of fewer than six bytes, then single scalars, and takes the
/// shortest entry that begins what it looks up.
/// - Source: sentencepiece, `normalizer.cc`; the trie's units are darts-clone's.
struct PrecompiledNormalizer: Normalizer {
  private let units: [UInt32]
  private let results: [UInt8]

  /// - Throws: `.malformed` when the sizes contradict each other.
  init(charsMap: [UInt8]) throws {
    guard !charsMap.isEmpty else {
      (units, results) = ([], [])
      return
    }
    var reader = ByteReader(Bytes(charsMap))
    let size = Int(try reader.read(UInt32.self))
    guard size % 4 == 0, size <= reader.remaining else {
      throw DataError(
        .malformed, "a trie of \(size) bytes in \(reader.remaining)",
        subject: "precompiled_charsmap")
    }
    var units: [UInt32] = []
    units.reserveCapacity(size / 4)
    for _ in 0..<(size / 4) { units.append(try reader.read(UInt32.self)) }
    self.units = units
    results = try reader.readBytes(reader.remaining).array
  }

  /// What the shortest entry that begins `part` becomes.
  private func replacement(_ part: some Sequence<UInt8>) -> [UInt32]? {
    guard !units.isEmpty else { return nil }
    var place = offset(units[0])
    for byte in part {
      if byte == 0 { return nil }
      place ^= Int(byte)
      guard place < units.count, units[place] & 0x8000_00FF == UInt32(byte) else { return nil }
      let unit = units[place]
      place ^= offset(unit)
      guard place < units.count else { return nil }
      guard unit >> 8 & 1 == 1 else { continue }
      let start = Int(units[place] & 0x7FFF_FFFF)
      guard start < results.count else { return nil }
      let end = results[start...].firstIndex(of: 0) ?? results.count
      return UTF8Text.scalars(UTF8Text.string(results[start..<end]))
    }
    return nil
  }

  private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int(unit >> 6 & 8) }

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    var changes: [ScalarChange] = []
    changes.reserveCapacity(text.scalars.count)
    var isChanged = false
    for character in UTF8Text.string(text.scalars) {
      let utf8 = character.utf8
      if utf8.count < 6, let new = replacement(utf8) {
        append(new, for: character.unicodeScalars.count, to: &changes)
        isChanged = true
        continue
      }
      for scalar in character.unicodeScalars {
        if let new = replacement(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) {
          append(new, for: 1, to: &changes)
          isChanged = true
        } else {
          changes.append(ScalarChange(scalar: scalar.value, change: 0))
        }
      }
    }
    if isChanged { text.transform(changes) }
  }

  private func append(_ new: [UInt32], for old: Int, to changes: inout [ScalarChange]) {
    for (i, scalar) in new.enumerated() {
      changes.append(ScalarChange(scalar: scalar, change: i < old ? 0 : 1))
    }
    if new.count < old, !changes.isEmpty {
      changes[changes.count - 1].change += new.count - old
    }
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool {
    for i in bytes.indices {
      // A line break of two bytes is one character
      if bytes[i] == 0x0D { return false }
      if replacement(CollectionOfOne(bytes[i])) != nil { return false }
    }
    return true
  }
}
