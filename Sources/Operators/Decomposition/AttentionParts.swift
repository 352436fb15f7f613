import ModelGraph
import Tensors

/// What `Attention` and `CachedAttention` have in common when others say them.
extension Decomposition {
  /// `[batch, sequence, heads · size]` as `[batch, heads, sequence, size]`; four axes stay.
  mutating func separate(_ index: Int, heads: Int?, size: Int, _ suffix: String) -> ValueID? {
    guard let x = input(index) else { return nil }
    guard let heads, type(index).rank == 3 else { return x }
    let split = reshape(x, [0, 0, heads, size], "\(suffix)_split")
    return add(Transpose(permutation: [0, 2, 1, 3]), [split], suffix)
  }

  /// Each head of keys or values as often as queries share it.
  mutating func shared(_ x: ValueID, heads: Int, among queryHeads: Int, _ suffix: String)
    -> ValueID
  {
    guard heads != queryHeads else { return x }
    let indices = integers((0..<queryHeads).map { $0 / (queryHeads / heads) }, "\(suffix)_heads")
    return add(Gather(axis: 1), [x, indices], "\(suffix)_shared")
  }

  /// `q · kᵀ · scale`, bounded by the softcap.
  mutating func scores(_ q: ValueID, _ k: ValueID, scale: Double, softcap: Double) -> ValueID {
    let factor = scalar(scale, "scale")
    let scaled = add(Mul(), [q, factor], "q_scaled")
    let keys = add(Transpose(permutation: [0, 1, 3, 2]), [k], "k_transposed")
    let scores = add(MatMul(), [scaled, keys], "scores")
    guard softcap > 0 else { return scores }
    let cap = scalar(softcap, "softcap")
    let small = add(Div(), [scores, cap], "scores_small")
    let bent = add(Tanh(), [small], "scores_bent")
    return add(Mul(), [bent, cap], "scores_capped")
  }

  /// A mask, where there is one: flags say who is `allowed`, numbers are added to the scores.
  mutating func apply(mask index: Int, to scores: inout ValueID, _ allowed: inout [ValueID]) {
    guard let mask = input(index) else { return }
    if dataType(index) == .bool {
      allowed.append(mask)
    } else {
      scores = add(Add(), [scores, mask], "scores_masked")
    }
  }

  /// `softmax(scores) · v`, keys that are not `allowed` taking no part.
  mutating func weighted(
    _ scores: ValueID, _ v: ValueID, allowed: [ValueID], width: Int?, result: ValueID?
  ) {
    var scores = scores
    if var all = allowed.first {
      for (index, other) in allowed.dropFirst().enumerated() {
        all = add(And(), [all, other], "allowed_\(index)")
      }
      // Finite, so that a row without keys is no NaN.
      let lowest = scalar(dataType(0) == .float16 ? -65504 : -3.3895e38, "lowest")
      scores = add(Where(), [all, scores, lowest], "scores_allowed")
    }
    let shares = add(Softmax(), [scores], "shares")
    guard let width else {
      add(MatMul(), [shares, v], "values", result: result)
      return
    }
    let values = add(MatMul(), [shares, v], "values")
    let turned = add(Transpose(permutation: [0, 2, 1, 3]), [values], "joined")
    _ = reshape(turned, [0, 0, width], "result", result: result)
  }

  /// Whether `j ≤ i` or how far they are apart, for columns i and rows j of positions.
  mutating func positionLimits(
    i: ValueID, j: ValueID, isCausal: Bool, left: Int?, right: Int?
  ) -> [ValueID] {
    var limits: [ValueID] = []
    if isCausal { limits.append(add(LessOrEqual(), [j, i], "causal")) }
    if let left {
      let first = add(Sub(), [i, integers([left], "left")], "first_key")
      limits.append(add(GreaterOrEqual(), [j, first], "left_window"))
    }
    if let right {
      let last = add(Add(), [i, integers([right], "right")], "last_key")
      limits.append(add(LessOrEqual(), [j, last], "right_window"))
    }
    return limits
  }
}
