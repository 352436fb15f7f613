import BinaryIO

/// Where each buffer lies in the arena: buffers that are never needed at the same time share memory.
struct BufferPlan: Sendable {
  /// Floats from the arena's start, for each buffer.
  private(set) var offsets: [Int]
  /// Floats of the arena.
  private(set) var count = 0

  /// Buffers start on lines of the cache.
  private static let alignment = 16

  /// - Parameters:
  ///   - counts: floats of each buffer.
  ///   - others: floats that the run needs beside these.
  ///   - maximumBytes: more than this is refused.
  /// - Throws: `.limitExceeded`.
  init(counts: [Int], steps: [any Step], beside others: Int = 0, maximumBytes: Int) throws {
    var (first, last) = (
      [Int](repeating: -1, count: counts.count), [Int](repeating: -1, count: counts.count)
    )
    for (index, step) in steps.enumerated() {
      for buffer in (step.reads + step.writes).compactMap(\.buffer) {
        if first[buffer] < 0 { first[buffer] = index }
        last[buffer] = index
      }
    }
    let owners = BufferPlan.shared(steps: steps, counts: counts, first: first, last: &last)
    offsets = [Int](repeating: 0, count: counts.count)
    try checkCount(beside: others, maximumBytes)
    // The largest first; each goes to the lowest gap among those that live while it does.
    let order = counts.indices.filter { first[$0] >= 0 && owners[$0] == $0 }
      .sorted { (counts[$0], $1) > (counts[$1], $0) }
    var placed: [(range: Range<Int>, first: Int, last: Int)] = []
    for buffer in order {
      let needed = (counts[buffer] + Self.alignment - 1) / Self.alignment * Self.alignment
      var offset = 0
      var bestGap = Int.max
      var end = 0
      for other in placed where other.first <= last[buffer] && other.last >= first[buffer] {
        let gap = other.range.lowerBound - end
        if gap >= needed, gap < bestGap { (offset, bestGap) = (end, gap) }
        end = max(end, other.range.upperBound)
      }
      if bestGap == Int.max { offset = end }
      offsets[buffer] = offset
      count = max(count, offset + needed)
      try checkCount(beside: others, maximumBytes)
      let entry = (range: offset..<(offset + needed), first: first[buffer], last: last[buffer])
      let place = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.endIndex
      placed.insert(entry, at: place)
    }
    for buffer in counts.indices { offsets[buffer] = offsets[owners[buffer]] }
  }

  private func checkCount(beside others: Int, _ maximumBytes: Int) throws {
    guard count <= maximumBytes / 4 - others else {
      let all = "the values between the layers" + (others > 0 ? " and the outputs" : "")
      throw DataError(
        .limitExceeded, "\(all) take more than \(maximumBytes) bytes",
        remedy: "give smaller inputs")
    }
  }

  /// For each buffer the one whose memory it takes over, itself for most; extends that one's life.
  private static func shared(
    steps: [any Step], counts: [Int], first: [Int], last: inout [Int]
  ) -> [Int] {
    var owners = Array(counts.indices)
    for (index, step) in steps.enumerated() {
      guard let pair = step.inPlace, let source = pair.read.buffer, let target = pair.write.buffer,
        pair.read.offset == 0, pair.write.offset == 0, counts[source] == counts[target]
      else { continue }
      let owner = owners[source]
      // Whatever else the step reads there would be overwritten before it is read.
      var readers = 0
      for read in step.reads {
        if let buffer = read.buffer, owners[buffer] == owner { readers += 1 }
      }
      guard readers == 1, last[owner] == index, first[target] == index, owners[target] == target,
        target != owner
      else { continue }
      owners[target] = owner
      last[owner] = last[target]
    }
    return owners
  }
}
