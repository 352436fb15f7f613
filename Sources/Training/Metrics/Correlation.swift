/// How two rows of numbers rise and fall together, from -1 to 1; NaN when one is constant or shorter than two.
public enum Correlation {
  /// The linear one.
  ///
  /// - Source: scipy.stats.pearsonr.
  public static func pearson(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count, "\(x.count) numbers beside \(y.count)")
    guard x.count > 1 else { return .nan }
    let (a, b) = (centred(x), centred(y))
    let (sizeA, sizeB) = (size(a), size(b))
    guard sizeA > 0, sizeB > 0 else { return .nan }
    let sum = zip(a, b).reduce(0) { $0 + ($1.0 / sizeA) * ($1.1 / sizeB) }
    return min(max(sum, -1), 1)
  }

  /// That of the ranks; equal numbers share the mean of theirs.
  ///
  /// - Source: scipy.stats.spearmanr.
  public static func spearman(_ x: [Double], _ y: [Double]) -> Double {
    guard !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return .nan }
    return pearson(ranks(x), ranks(y))
  }

  private static func centred(_ values: [Double]) -> [Double] {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.map { $0 - mean }
  }

  private static func size(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
      start = end
    }
    return ranks
  }
}
