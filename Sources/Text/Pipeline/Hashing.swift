/// A hash of bytes for tables of our own: good enough to spread, not against an adversary.
///
/// An adversary can make a look-up slow, but a table of n entries never needs more than n steps.
enum Hashing {
  @inline(__always)
  static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for i in range { hash = (hash ^ UInt64(bytes[i])) &* 0x100_0000_01B3 }
    return mix(hash)
  }

  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var value = value ^ (value >> 32)
    value = value &* 0x9E37_79B9_7F4A_7C15
    return value ^ (value >> 29)
  }

  /// The power of two of slots that holds `count` entries with room to spare.
  static func slots(for count: Int) -> Int {
    var size = 16
    while size < count * 2 { size *= 2 }
    return size
  }

  @inline(__always)
  static func equal(_ a: [UInt8], _ aStart: Int, _ b: [UInt8], _ bStart: Int, count: Int) -> Bool {
    for i in 0..<count where a[aStart + i] != b[bStart + i] { return false }
    return true
  }
}
