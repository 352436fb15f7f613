import BinaryIO
import ModelGraph
import Tensors

/// `Attention` that drops shares by chance: `drop(softmax(q · kᵀ · scale + mask)) · v`.
///
/// Not one of the standard's operators.
/// - Shapes: q, k, v and the mask (optional) as `Attention` takes them, then the four integers of a `DropoutKey`; gives the
///   attention's result. Row r of the shares, counted over batches, heads and queries, has the random numbers from
///   `r · 64 · ⌈keys / 64⌉` on.
/// - Source: Attention Is All You Need, Vaswani et al. 2017, as in transformers' `attention_probs_dropout_prob`.
public struct AttentionInTraining: Operator {
  public static let name = "AttentionInTraining"
  /// Without a softcap.
  public var attention: Attention
  public var rate: Double
  /// Tells this place in the graph apart from others.
  public var stream: UInt32

  public init(_ attention: Attention, rate: Double, stream: UInt32) {
    precondition((0..<1).contains(rate), "a rate of \(rate)")
    self.attention = attention
    self.rate = rate
    self.stream = stream
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...5)
    guard attention.softcap == 0 else {
      throw DataError(.unsupported, "dropped shares of bounded scores")
    }
    try inputs.checkKey(4)
    let own = OperatorInputs(types: Array(inputs.types.prefix(4)))
    return [try attention.outputTypes(for: own)[0]]
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    _ = try resultShapes(for: inputs)
    let (x, v) = (try inputs.required(0), try inputs.required(2))
    let scores = AttentionScores(
      q: x.separated(heads: attention.queryHeads),
      k: try inputs.required(1).separated(heads: attention.keyValueHeads),
      v: v.separated(heads: attention.keyValueHeads),
      scale: attention.scale ?? 1
        / Double(x.separated(heads: attention.queryHeads).shape[3]).squareRoot(),
      softcap: 0)
    let mask = inputs.optional(3).map { AttentionMask($0) }
    let (_, shares) = scores.attend(keeping: .softmax) {
      attention.bias($0, $1, $2, $3, mask: mask)
    }
    let drawn = try factors(DropoutKey(inputs.required(4)), shares?.shape ?? [])
    let p = zip(shares?.doubles ?? [], drawn).map(*)
    let values = scores.v.doubles
    let (q, shared) = (scores.q.shape, scores.v.shape[1])
    let (keys, width) = (scores.v.shape[2], scores.v.shape[3])
    let rows = q[0] * q[1] * q[2]
    var result = [Double](repeating: 0, count: rows * width)
    for row in 0..<rows {
      let head = row / max(q[2], 1)
      let other = head / q[1] * shared + head % q[1] / max(q[1] / max(shared, 1), 1)
      for j in 0..<keys where p[row * keys + j] != 0 {
        for d in 0..<width {
          result[row * width + d] += p[row * keys + j] * values[(other * keys + j) * width + d]
        }
      }
    }
    let whole = Tensor(shape: [q[0], q[1], q[2], width], result)
    return [(x.rank == 3 ? whole.joiningHeads : whole).cast(to: x.dataType)]
  }

  /// What each share is multiplied with.
  func factors(_ key: DropoutKey, _ shape: Shape) -> [Double] {
    let keys = shape.last ?? 0
    let rows = shape.dropLast().reduce(1, *)
    let mask = key.mask(stream: stream, rate: rate)
    let (start, stride) = (key.start(of: rows), DropoutMask.stride(of: keys))
    return (0..<rows).flatMap { row in
      (0..<keys).map { mask.factor(UInt64((start + row) * stride + $0)) }
    }
  }
}

extension AttentionInTraining: PartlyDifferentiable {
  func hasRule(for node: Node, moving: Set<ValueID>) -> Bool {
    !(node.inputs[3].map(moving.contains) ?? false)
  }

  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let given = try [builder.flow(0)] + (0..<3).map { try builder.input($0) }
    let mask = builder.has(3) ? try builder.input(3) : nil
    return try builder.add(
      AttentionGradient(attention, dropping: self), given + [mask, builder.input(4)], outputs: 3)
      + [nil, nil]
  }
}

extension Attention {
  /// What is added to the score of (batch, head, query, key), where there is no past.
  func bias(_ b: Int, _ h: Int, _ i: Int, _ j: Int, mask: AttentionMask?) -> Double {
    if isCausal && j > i { return -.infinity }
    if let leftWindow, i - j > leftWindow { return -.infinity }
    if let rightWindow, j - i > rightWindow { return -.infinity }
    return mask?.bias(b, h, i, j) ?? 0
  }
}
