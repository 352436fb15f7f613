import JSON

/// The middle of several numbers, and their ends.
struct Spread {
  let median: Double
  let least: Double
  let greatest: Double

  init(_ values: [Double]) {
    let sorted = values.sorted()
    median = sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    (least, greatest) = (sorted.first ?? .nan, sorted.last ?? .nan)
  }

  /// Of seconds.
  var milliseconds: JSONValue { ["median": .number(median * 1000), "min": .number(least * 1000)] }
}
