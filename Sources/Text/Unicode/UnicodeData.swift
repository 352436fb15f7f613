/// Unicode's facts as the `tokenizers` library has them; `scripts/unicode/tables.py` measures them.
enum UnicodeData {
  /// The hexadecimal numbers of `text`, each with the character that follows it.
  static func forEachNumber(in text: String, _ body: (UInt32, _ end: UInt8) -> Void) {
    var (value, hasDigits) = (UInt32(0), false)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39: (value, hasDigits) = (value << 4 | UInt32(byte - 0x30), true)
      case 0x61...0x66: (value, hasDigits) = (value << 4 | UInt32(byte - 0x57), true)
      default:
        if hasDigits { body(value, byte) }
        (value, hasDigits) = (0, false)
      }
    }
    if hasDigits { body(value, 0x20) }
  }

  /// `count*value` runs as (first scalar, value), in order.
  static func runs(_ text: String) -> [(start: UInt32, value: UInt32)] {
    var runs: [(start: UInt32, value: UInt32)] = []
    var (next, count) = (UInt32(0), UInt32(1))
    forEachNumber(in: text) { number, end in
      if end == UInt8(ascii: "*") {
        count = number
      } else {
        runs.append((next, number))
        next += count
        count = 1
      }
    }
    runs.append((next, 0))
    return runs
  }

  /// `distance=scalar,scalar` entries as a scalar and what it becomes.
  static func forEachMapping(in text: String, _ body: (UInt32, [UInt32]) -> Void) {
    var (scalar, result) = (UInt32(0), [UInt32]())
    forEachNumber(in: text) { number, end in
      if end == UInt8(ascii: "=") {
        scalar += number
        return
      }
      result.append(number)
      if end != UInt8(ascii: ",") {
        body(scalar, result)
        result = []
      }
    }
  }
}

/// A value for each scalar, in pages of 128, of which those without a value are shared.
struct ScalarTable: Sendable {
  static let limit: UInt32 = 0x11_0000
  private var pages = [UInt16](repeating: 0, count: Int(limit) >> 7)
  private var values = [UInt16](repeating: 0, count: 128)

  subscript(scalar: UInt32) -> UInt16 {
    get {
      scalar < ScalarTable.limit
        ? values[Int(pages[Int(scalar >> 7)]) << 7 | Int(scalar & 127)] : 0
    }
    set {
      var page = pages[Int(scalar >> 7)]
      if page == 0 {
        page = UInt16(values.count >> 7)
        pages[Int(scalar >> 7)] = page
        values += repeatElement(0, count: 128)
      }
      values[Int(page) << 7 | Int(scalar & 127)] = newValue
    }
  }

  /// Gives all of `range` the same value; whole pages of the same value are shared.
  mutating func fill(_ range: Range<UInt32>, _ value: UInt16, shared: inout [UInt16: UInt16]) {
    var scalar = range.lowerBound
    while scalar < range.upperBound {
      if scalar & 127 == 0, range.upperBound - scalar >= 128 {
        if shared[value] == nil {
          shared[value] = UInt16(values.count >> 7)
          values += repeatElement(value, count: 128)
        }
        pages[Int(scalar >> 7)] = shared[value]!
        scalar += 128
      } else {
        self[scalar] = value
        scalar += 1
      }
    }
  }
}
