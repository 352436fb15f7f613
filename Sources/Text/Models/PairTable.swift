/// The merges of a byte-pair model: for two neighbours the rank of their merge, and what they become.
struct PairTable: Sendable {
  static let none = UInt64.max

  private var keys: [UInt64]
  private var values: [UInt64]
  private(set) var count = 0

  init(capacity: Int) {
    let size = Hashing.slots(for: capacity)
    keys = [UInt64](repeating: .max, count: size)
    values = [UInt64](repeating: .max, count: size)
  }

  /// The rank in the upper half and the new token in the lower one, or `none`.
  @inline(__always)
  func merge(_ left: UInt32, _ right: UInt32) -> UInt64 {
    let key = UInt64(left) << 32 | UInt64(right)
    var slot = Int(truncatingIfNeeded: Hashing.mix(key)) & (keys.count - 1)
    while true {
      if keys[slot] == key { return values[slot] }
      if keys[slot] == .max { return PairTable.none }
      slot = (slot + 1) & (keys.count - 1)
    }
  }

  /// A pair that comes twice keeps its last rank; more than the capacity is a broken promise.
  mutating func insert(_ left: UInt32, _ right: UInt32, rank: Int, becomes new: UInt32) {
    let key = UInt64(left) << 32 | UInt64(right)
    var slot = Int(truncatingIfNeeded: Hashing.mix(key)) & (keys.count - 1)
    while keys[slot] != .max, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    if keys[slot] == .max { count += 1 }
    precondition(count < keys.count, "\(count) merges in \(keys.count) slots")
    keys[slot] = key
    values[slot] = UInt64(UInt32(truncatingIfNeeded: rank)) << 32 | UInt64(new)
  }
}
