/// The symbols of one word while they are merged.
struct SymbolList: Sendable {
  private var ids: [UInt32] = []
  private var lengths: [Int32] = []
  /// The merge of each symbol with the next.
  private var pairs: [UInt64] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap: [UInt64] = []

  var count: Int { ids.count }
  func id(_ index: Int) -> UInt32 { ids[index] }
  func length(_ index: Int) -> Int { Int(lengths[index]) }

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  mutating func append(_ id: UInt32, _ length: Int) {
    ids.append(id)
    lengths.append(Int32(truncatingIfNeeded: length))
  }

  /// Merges neighbours until none can be, always the lowest rank, the leftmost first.
  mutating func merge(by table: PairTable) {
    if ids.count < 2 { return }
    if ids.count <= 48 { mergeShort(table) } else { mergeLong(table) }
  }

  /// Looks through the few pairs for the best: no bookkeeping beats a queue for words of usual length.
  private mutating func mergeShort(_ table: PairTable) {
    pairs.removeAll(keepingCapacity: true)
    for i in 1..<ids.count { pairs.append(table.merge(ids[i - 1], ids[i])) }
    while true {
      var (best, at) = (PairTable.none, -1)
      for i in pairs.indices where pairs[i] < best { (best, at) = (pairs[i], i) }
      guard at >= 0 else { return }
      ids[at] = UInt32(truncatingIfNeeded: best)
      lengths[at] += lengths[at + 1]
      ids.remove(at: at + 1)
      lengths.remove(at: at + 1)
      pairs.remove(at: at)
      if at > 0 { pairs[at - 1] = table.merge(ids[at - 1], ids[at]) }
      if at < pairs.count { pairs[at] = table.merge(ids[at], ids[at + 1]) }
    }
  }

  /// The same with a queue by rank and place, and a list of neighbours.
  private mutating func mergeLong(_ table: PairTable) {
    let count = ids.count
    next = (0..<count).map { Int32($0 + 1) }
    previous = (0..<count).map { Int32($0 - 1) }
    heap.removeAll(keepingCapacity: true)
    for i in 1..<count { push(i - 1, table.merge(ids[i - 1], ids[i])) }
    while let top = pop() {
      let left = Int(top & 0xFFFF_FFFF)
      guard lengths[left] >= 0, Int(next[left]) < count else { continue }
      let right = Int(next[left])
      let merge = table.merge(ids[left], ids[right])
      guard merge != PairTable.none, merge >> 32 == top >> 32 else { continue }
      ids[left] = UInt32(truncatingIfNeeded: merge)
      lengths[left] += lengths[right]
      lengths[right] = -1
      next[left] = next[right]
      if Int(next[right]) < count {
        previous[Int(next[right])] = Int32(left)
        push(left, table.merge(ids[left], ids[Int(next[left])]))
      }
      if previous[left] >= 0 {
        let before = Int(previous[left])
        push(before, table.merge(ids[before], ids[left]))
      }
    }
    var kept = 0
    for i in 0..<count where lengths[i] >= 0 {
      ids[kept] = ids[i]
      lengths[kept] = lengths[i]
      kept += 1
    }
    ids.removeSubrange(kept...)
    lengths.removeSubrange(kept...)
  }

  private mutating func push(_ place: Int, _ merge: UInt64) {
    guard merge != PairTable.none else { return }
    heap.append(merge & 0xFFFF_FFFF_0000_0000 | UInt64(place))
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2] > heap[child] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() -> UInt64? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return top }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[parent] else { return top }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
