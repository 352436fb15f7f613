import BinaryIO

/// A pattern as a list of steps.
struct RegexProgram: Sendable {
  enum Kind: UInt8, Sendable {
    case match, byte, set, loop, possessiveLoop, split, branch, jump
    case lookahead, lookbehind, atomic, assertion, mark, emptyCheck, endsHere
  }

  /// What the numbers mean depends on the kind; see the compiler, which writes them.
  struct Step: Sendable {
    var kind: Kind
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = 0
  }

  /// A branch, and the bytes that it can begin with.
  struct Branch: Sendable {
    var low: UInt64
    var high: UInt64
    var beyondASCII: Bool
    var canBeEmpty: Bool
    var target: Int32

    @inline(__always)
    func accepts(_ byte: UInt8) -> Bool {
      if canBeEmpty { return true }
      if byte < 64 { return low >> UInt64(byte) & 1 != 0 }
      if byte < 128 { return high >> UInt64(byte - 64) & 1 != 0 }
      return beyondASCII
    }
  }

  var steps: [Step] = []
  var branches: [Branch] = []
  var sets = ScalarSets()
  var slotCount = 0
}

/// Sets of scalars for fast questions: a bitmap of ASCII, and shared pages of 256 bits for the rest.
struct ScalarSets: Sendable {
  private static let pageCount = Int(ScalarTable.limit >> 8)

  private(set) var ascii: [(low: UInt64, high: UInt64)] = []
  private var pages: [UInt16] = []
  private var bits: [UInt64] = [0, 0, 0, 0, .max, .max, .max, .max]
  private var known: [ScalarRanges] = []

  /// The number of `set`; equal sets share it.
  mutating func add(_ set: ScalarRanges) throws -> Int32 {
    if let place = known.firstIndex(of: set) { return Int32(place) }
    guard known.count < 1000 else {
      throw DataError(.limitExceeded, "a pattern with more than 1000 classes")
    }
    var own = [UInt16](repeating: 0, count: ScalarSets.pageCount)
    for range in set.ranges {
      var scalar = range.lowerBound
      while scalar < range.upperBound {
        let page = Int(scalar >> 8)
        if scalar & 255 == 0, range.upperBound - scalar >= 256 {
          own[page] = 1
          scalar += 256
          continue
        }
        if own[page] == 0 {
          own[page] = UInt16(truncatingIfNeeded: bits.count / 4)
          guard bits.count / 4 < 1 << 16 else {
            throw DataError(.limitExceeded, "a pattern with too many large classes")
          }
          bits += repeatElement(0, count: 4)
        }
        let end = min(range.upperBound, (scalar >> 8 + 1) << 8)
        for one in scalar..<end {
          bits[Int(own[page]) * 4 + Int(one >> 6 & 3)] |= 1 << UInt64(one & 63)
        }
        scalar = end
      }
    }
    let first = Int(own[0]) * 4
    ascii.append((bits[first], bits[first + 1]))
    pages += own
    known.append(set)
    return Int32(known.count - 1)
  }

  @inline(__always)
  func contains(_ set: Int, _ scalar: UInt32) -> Bool {
    let page = Int(pages[set * ScalarSets.pageCount + Int(scalar >> 8)])
    return bits[page << 2 | Int(scalar >> 6 & 3)] >> UInt64(scalar & 63) & 1 != 0
  }

  @inline(__always)
  func containsASCII(_ set: Int, _ byte: UInt8) -> Bool {
    let map = ascii[set]
    return (byte < 64 ? map.low >> UInt64(byte) : map.high >> UInt64(byte & 63)) & 1 != 0
  }
}
