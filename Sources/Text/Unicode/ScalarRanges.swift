/// A set of scalars as sorted ranges that do not touch.
struct ScalarRanges: Equatable, Sendable {
  private(set) var ranges: [Range<UInt32>]

  static let all = ScalarRanges([0..<ScalarTable.limit])
  static let none = ScalarRanges([Range<UInt32>]())

  /// The union of `ranges`, in any order.
  init(_ ranges: [Range<UInt32>]) {
    self.ranges = []
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = self.ranges.last, last.upperBound >= range.lowerBound {
        self.ranges[self.ranges.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ scalars: [UInt32]) { self.init(scalars.map { $0..<($0 + 1) }) }

  /// The scalars whose properties `wanted` accepts.
  init(where wanted: (UInt16) -> Bool) {
    let runs = ScalarProperties.shared.runs
    var ranges: [Range<UInt32>] = []
    for (run, next) in zip(runs, runs.dropFirst())
    where wanted(UInt16(truncatingIfNeeded: run.value)) {
      ranges.append(run.start..<next.start)
    }
    self.init(ranges)
  }

  func union(_ other: ScalarRanges) -> ScalarRanges { ScalarRanges(ranges + other.ranges) }

  var inverted: ScalarRanges {
    var result: [Range<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges {
      result.append(start..<range.lowerBound)
      start = range.upperBound
    }
    result.append(start..<max(start, ScalarTable.limit))
    return ScalarRanges(result)
  }

  func intersection(_ other: ScalarRanges) -> ScalarRanges {
    inverted.union(other.inverted).inverted
  }

  func contains(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound <= scalar { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(scalar)
  }

  /// With the other case of every letter.
  var ignoringCase: ScalarRanges {
    var extra: [UInt32] = []
    for letter in UInt32(0x61)...0x7A {
      if contains(letter) { extra.append(letter - 32) }
      if contains(letter - 32) { extra.append(letter) }
    }
    UnicodeData.forEachMapping(in: UnicodeData.lowercase) { upper, lower in
      guard lower.count == 1 else { return }
      if contains(upper) { extra.append(lower[0]) }
      if contains(lower[0]) { extra.append(upper) }
    }
    // Letters with a third form: s and ſ, σ and ς, μ and µ
    for group: [UInt32] in [[0x53, 0x73, 0x17F], [0x3A3, 0x3C3, 0x3C2], [0x39C, 0x3BC, 0xB5]]
    where group.contains(where: contains) {
      extra += group
    }
    return union(ScalarRanges(extra))
  }
}
