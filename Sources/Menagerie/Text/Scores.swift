import Glibc

extension [Double] {
  /// Logits as probabilities that sum to 1.
  var softmax: [Double] {
    let largest = self.max() ?? 0
    let weights = map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// The `count` largest with their places, the largest first, equal ones in order.
  func likeliest(_ count: Int) -> [(index: Int, score: Double)] {
    enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
      .prefix(Swift.max(count, 0)).map { (index: $0.offset, score: $0.element) }
  }
}

extension ArraySlice<Float> {
  /// The probabilities of one row of logits that lie row after row.
  func probabilities(ofRow row: Int, width: Int) -> [Double] {
    let start = startIndex + row * width
    return self[start..<(start + width)].map(Double.init).softmax
  }
}
