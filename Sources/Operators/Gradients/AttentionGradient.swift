import BinaryIO
import ModelGraph
import Tensors

/// How the loss moves with the queries, keys and values of an `Attention`, whose shares are computed anew.
///
/// With `p` the shares and `f` what flows to the result: `dv = pᵀ f`, `ds = p · (f vᵀ - Σ p · f vᵀ) · scale`, `dq = ds k`,
/// `dk = dsᵀ q`. Heads that share keys and values add up. Where shares are dropped, p and what flows to it are multiplied with
/// the factors that the step's key gives.
///
/// Not one of the standard's operators.
/// - Shapes: the gradient of the result, then queries, keys, values and the mask (optional) as `Attention` takes them, and the
///   key where shares are dropped; gives the shapes of queries, keys and values.
public struct AttentionGradient: Operator {
  public static let name = "AttentionGradient"
  public var attention: Attention
  /// How shares were dropped.
  public var dropping: AttentionInTraining?

  /// - Parameter attention: without a softcap.
  public init(_ attention: Attention, dropping: AttentionInTraining? = nil) {
    self.attention = attention
    self.dropping = dropping
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(dropping == nil ? 4...5 : 4...6)
    if dropping != nil { try inputs.checkKey(5) }
    guard attention.softcap == 0 else {
      throw DataError(.unsupported, "the gradient of bounded scores")
    }
    let types = try attention.outputTypes(
      for: OperatorInputs(types: Array(inputs.types.prefix(5).dropFirst())))
    try inputs.checkGradient(0, of: types[0].dimensions, "the result")
    return [inputs[1], inputs[2], inputs[3]]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShapes(for: inputs)
    let given = [try inputs.required(1), try inputs.required(2), try inputs.required(3)]
    let q = given[0].separated(heads: attention.queryHeads)
    let k = given[1].separated(heads: attention.keyValueHeads)
    let v = given[2].separated(heads: attention.keyValueHeads)
    let flow = try inputs.required(0).separated(heads: attention.queryHeads).doubles
    let mask = inputs.optional(4).map { AttentionMask($0) }
    let scale = attention.scale ?? 1 / Double(q.shape[3]).squareRoot()
    let scores = AttentionScores(q: q, k: k, v: v, scale: scale, softcap: 0)
    let (_, shares) = scores.attend(keeping: .softmax) {
      attention.bias($0, $1, $2, $3, mask: mask)
    }
    let p = shares?.doubles ?? []
    let drawn = try dropping?.factors(DropoutKey(inputs.required(5)), shares?.shape ?? [])
    let (heads, shared) = (q.shape[1], k.shape[1])
    let (queries, keys, size, width) = (q.shape[2], k.shape[2], q.shape[3], v.shape[3])
    let (qs, ks, vs) = (q.doubles, k.doubles, v.doubles)
    var dq = [Double](repeating: 0, count: qs.count)
    var dk = [Double](repeating: 0, count: ks.count)
    var dv = [Double](repeating: 0, count: vs.count)
    for row in 0..<(q.shape[0] * heads * queries) {
      let head = row / queries
      let other = head / heads * shared + head % heads / max(heads / max(shared, 1), 1)
      let (own, out) = (row * size, row * width)
      let moved = (0..<keys).map { j in
        (0..<width).reduce(0.0) { $0 + flow[out + $1] * vs[(other * keys + j) * width + $1] }
          * (drawn?[row * keys + j] ?? 1)
      }
      let all = (0..<keys).reduce(0.0) { $0 + p[row * keys + $1] * moved[$1] }
      for j in 0..<keys {
        let share = p[row * keys + j]
        let ds = share * (moved[j] - all) * scale
        let key = other * keys + j
        let given = share * (drawn?[row * keys + j] ?? 1)
        for d in 0..<width { dv[key * width + d] += given * flow[out + d] }
        for d in 0..<size {
          dq[own + d] += ds * ks[key * size + d]
          dk[key * size + d] += ds * qs[own + d]
        }
      }
    }
    return zip(given, zip([q, k, v], [dq, dk, dv])).map { tensor, part in
      let whole = Tensor(shape: part.0.shape, part.1)
      return (tensor.rank == 3 ? whole.joiningHeads : whole).cast(to: tensor.dataType)
    }
  }
}
