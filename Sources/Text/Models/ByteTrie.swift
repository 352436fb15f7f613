/// A tree of byte strings, for the tokens that begin at some place of a text.
///
/// A node's children are found by hashing the node with the byte, so that building needs no order.
struct ByteTrie: Sendable {
  static let root: UInt32 = 0

  private var keys: [UInt64]
  private var children: [UInt32]
  private var count = 0
  /// For each node the value of the string that ends there, or −1.
  private var values: [Int32] = [-1]
  private var firstBytes = [Bool](repeating: false, count: 256)

  init(capacity: Int = 16) {
    let size = Hashing.slots(for: max(capacity, 16))
    keys = [UInt64](repeating: .max, count: size)
    children = [UInt32](repeating: 0, count: size)
  }

  var isEmpty: Bool { values.count == 1 }

  /// Whether any string begins with `byte`.
  @inline(__always)
  func begins(with byte: UInt8) -> Bool { firstBytes[Int(byte)] }

  /// The value of the string that ends at `node`, or −1.
  @inline(__always)
  func value(_ node: UInt32) -> Int { Int(values[Int(node)]) }

  @inline(__always)
  func child(_ node: UInt32, _ byte: UInt8) -> UInt32? {
    let key = UInt64(node) << 8 | UInt64(byte)
    var slot = Int(truncatingIfNeeded: Hashing.mix(key)) & (keys.count - 1)
    while keys[slot] != .max {
      if keys[slot] == key { return children[slot] }
      slot = (slot + 1) & (keys.count - 1)
    }
    return nil
  }

  /// The node at the end of `string`, if any string begins so.
  func node(_ string: some Sequence<UInt8>) -> UInt32? {
    var node = ByteTrie.root
    for byte in string {
      guard let next = child(node, byte) else { return nil }
      node = next
    }
    return node
  }

  mutating func insert(_ string: some Collection<UInt8>, value: Int) {
    guard let first = string.first else { return }
    firstBytes[Int(first)] = true
    var node = ByteTrie.root
    for byte in string { node = child(node, byte) ?? add(node, byte) }
    values[Int(node)] = Int32(truncatingIfNeeded: value)
  }

  private mutating func add(_ node: UInt32, _ byte: UInt8) -> UInt32 {
    if (count + 1) * 2 > keys.count { grow() }
    let new = UInt32(values.count)
    values.append(-1)
    place(UInt64(node) << 8 | UInt64(byte), new)
    count += 1
    return new
  }

  private mutating func place(_ key: UInt64, _ child: UInt32) {
    var slot = Int(truncatingIfNeeded: Hashing.mix(key)) & (keys.count - 1)
    while keys[slot] != .max { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    children[slot] = child
  }

  private mutating func grow() {
    let (oldKeys, oldChildren) = (keys, children)
    keys = [UInt64](repeating: .max, count: oldKeys.count * 2)
    children = [UInt32](repeating: 0, count: oldKeys.count * 2)
    for i in oldKeys.indices where oldKeys[i] != .max { place(oldKeys[i], oldChildren[i]) }
  }

  /// The longest string that begins at `start` of `bytes`, its value and its end.
  func longest(in bytes: [UInt8], _ range: Range<Int>, from node: UInt32 = ByteTrie.root)
    -> (value: Int, end: Int)?
  {
    var (node, at) = (node, range.lowerBound)
    var best: (value: Int, end: Int)?
    while at < range.upperBound, let next = child(node, bytes[at]) {
      node = next
      at += 1
      if values[Int(node)] >= 0 { best = (Int(values[Int(node)]), at) }
    }
    return best
  }
}
