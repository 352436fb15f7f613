import Tensors

/// The arithmetic of attention on `[batch, heads, sequence, size]`, in Double.
struct AttentionScores {
  /// Queries: `[batch, heads, queries, size]`.
  var q: Tensor
  /// Keys: `[batch, fewer heads, keys, size]`.
  var k: Tensor
  /// Values: `[batch, fewer heads, keys, another size]`.
  var v: Tensor
  var scale: Double
  /// Bounds scores by `softcap · tanh(score / softcap)`; not at all when 0.
  var softcap: Double

  /// The result `[batch, heads, queries, value size]`, and the scores as they were at `stage`.
  ///
  /// A key whose bias is -∞ takes no part, whatever its score or value; a query without any key gives zeros.
  /// - Parameter bias: what is added to the score of (batch, head, query, key).
  func attend(
    keeping stage: Attention.ScoreStage?, bias: (Int, Int, Int, Int) -> Double
  ) -> (result: Tensor, scores: Tensor?) {
    let (batch, heads, queries, size) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let (shared, keys, width) = (k.shape[1], k.shape[2], v.shape[3])
    let (q, k, v) = (q.doubles, k.doubles, v.doubles)
    var result = [Double](repeating: 0, count: batch * heads * queries * width)
    var kept: [Double] = []
    for b in 0..<batch {
      for h in 0..<heads {
        let other = b * shared + h / max(heads / max(shared, 1), 1)
        for i in 0..<queries {
          let row = (b * heads + h) * queries + i
          let biases = (0..<keys).map { bias(b, h, i, $0) }
          var scores = (0..<keys).map { j in
            var sum = 0.0
            for d in 0..<size { sum += q[row * size + d] * k[(other * keys + j) * size + d] }
            return sum * scale
          }
          if stage == .product { kept += scores }
          if softcap > 0 { scores = scores.map { softcap * C.tanh($0 / softcap) } }
          if stage == .capped { kept += scores }
          scores = zip(scores, biases).map { $1 == -.infinity ? $1 : $0 + $1 }
          if stage == .biased { kept += scores }
          let top = scores.max() ?? 0
          let powers = scores.map { $0 == -.infinity ? 0 : C.exp($0 - top) }
          let sum = powers.reduce(0, +)
          let shares = powers.map { sum == 0 ? 0 : $0 / sum }
          if stage == .softmax { kept += shares }
          for (j, share) in shares.enumerated() where share != 0 {
            for d in 0..<width {
              result[row * width + d] += share * v[(other * keys + j) * width + d]
            }
          }
        }
      }
    }
    return (
      Tensor(shape: [batch, heads, queries, width], result),
      stage.map { _ in Tensor(shape: [batch, heads, queries, keys], kept) }
    )
  }
}
