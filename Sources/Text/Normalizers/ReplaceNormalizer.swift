/// Every match of a text or pattern becomes something else.
struct ReplaceNormalizer: Normalizer {
  let finder: Finder
  let content: [UInt32]

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) throws {
    let ranges: [Range<Int>]
    if case .text(let wanted) = finder {
      ranges = ReplaceNormalizer.find(UTF8Text.scalars(UTF8Text.string(wanted)), in: text.scalars)
    } else {
      let utf8 = text.utf8.bytes
      // The scalar that each byte begins or belongs to, as matches come in bytes
      var places = [Int](repeating: 0, count: utf8.count + 1)
      var scalar = -1
      for i in utf8.indices {
        if utf8[i] & 0xC0 != 0x80 { scalar += 1 }
        places[i] = scalar
      }
      places[utf8.count] = text.scalars.count
      var found: [Range<Int>] = []
      try finder.forEachMatch(in: utf8, 0..<utf8.count, &memory.regex) {
        found.append(places[$0.lowerBound]..<places[$0.upperBound])
      }
      ranges = found
    }
    text.replace(ranges, with: content)
  }

  private static func find(_ wanted: [UInt32], in scalars: [UInt32]) -> [Range<Int>] {
    guard let first = wanted.first else { return [] }
    var ranges: [Range<Int>] = []
    var at = 0
    while at + wanted.count <= scalars.count {
      if scalars[at] == first, scalars[at..<(at + wanted.count)].elementsEqual(wanted) {
        ranges.append(at..<(at + wanted.count))
        at += wanted.count
      } else {
        at += 1
      }
    }
    return ranges
  }
}

/// What is looked for in a text: itself, or a pattern.
enum Finder: Sendable {
  case text([UInt8])
  case pattern(Pattern)

  func forEachMatch(
    in bytes: [UInt8], _ range: Range<Int>, _ memory: inout RegexMemory,
    _ body: (Range<Int>) -> Void
  ) throws {
    switch self {
    case .pattern(let pattern): try pattern.forEachMatch(in: bytes, range, &memory, body)
    case .text(let wanted):
      guard let first = wanted.first else { return }
      var at = range.lowerBound
      while at + wanted.count <= range.upperBound {
        if bytes[at] == first, Hashing.equal(bytes, at, wanted, 0, count: wanted.count) {
          body(at..<(at + wanted.count))
          at += wanted.count
        } else {
          at += 1
        }
      }
    }
  }
}
