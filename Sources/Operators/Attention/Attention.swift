import BinaryIO
import ModelGraph
import Tensors

/// Scaled dot product attention: `softmax(softcap(q · kᵀ · scale) + mask) · v` for each head.
///
/// Inputs: q, k, v, then (optional) the mask, past keys, past values, and the number of keys of each row that count.
/// Outputs: y, the keys and values with the past before them, and the scores as `scores` says.
/// - Shapes: q `[batch, queries, queryHeads · d]`, k `[batch, keys, keyValueHeads · d]`, v `[batch, keys, keyValueHeads · e]`,
///   y `[batch, queries, queryHeads · e]`; or all of them `[batch, heads, sequence, size]`. The past is always the latter. The
///   mask stretches to `[batch, queryHeads, queries, past + keys]`; keys beyond its last axis take no part.
/// - Types: a mask of `bool` says who takes part; one of numbers is added to the scores.
/// - Source: ONNX Attention-25. A query that nothing is left for gives zeros.
public struct Attention: Operator {
  public static let name = "Attention"
  /// How many heads share the last axis, where inputs have three axes.
  public var queryHeads: Int?
  public var keyValueHeads: Int?
  /// By default 1 / √size.
  public var scale: Double?
  /// Bounds scores to ±softcap; 0 does not.
  public var softcap: Double
  /// Whether query i attends to keys up to i (+ the number of keys before the first query) only.
  public var isCausal: Bool
  /// How many positions before and after its own a query attends to; all when nil.
  public var leftWindow: Int?
  public var rightWindow: Int?
  /// Which scores the fourth output holds.
  public var scores: ScoreStage

  /// How far scores have come.
  public enum ScoreStage: Int, Sendable { case product, capped, biased, softmax }

  public init(
    queryHeads: Int? = nil, keyValueHeads: Int? = nil, scale: Double? = nil, softcap: Double = 0,
    isCausal: Bool = false, leftWindow: Int? = nil, rightWindow: Int? = nil,
    scores: ScoreStage = .product
  ) {
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.scale = scale
    self.softcap = softcap
    self.isCausal = isCausal
    self.leftWindow = leftWindow
    self.rightWindow = rightWindow
    self.scores = scores
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...7)
    let type = try inputs.floatingPoint(0)
    try inputs.sameType([0, 1])
    let valueType = try inputs.floatingPoint(2, "the values")
    guard inputs.has(4) == inputs.has(5) else {
      throw DataError(.mismatch, "past keys without past values, or the other way round")
    }
    guard !(inputs.has(4) && inputs.has(6)) else {
      throw DataError(.mismatch, "a number of keys that count beside past keys")
    }
    let unknown = [
      TensorType(type), TensorType(type), TensorType(valueType), TensorType(type),
    ]
    let x = try inputs.dimensions(0, "the queries", rank: 3...4)
    let y = try inputs.dimensions(1, "the keys", rank: 3...4)
    let z = try inputs.dimensions(2, "the values", rank: 3...4)
    guard let x, let y, let z else { return unknown }
    guard x.count == y.count, x.count == z.count else {
      throw DataError(
        .mismatch, "queries, keys and values of \(x.count), \(y.count), \(z.count) axes")
    }
    let q = try HeadLayout(x, heads: queryHeads, "the queries")
    let k = try HeadLayout(y, heads: keyValueHeads, "the keys")
    let v = try HeadLayout(z, heads: keyValueHeads, "the values")
    let batch = try agreed(agreed(q.batch, k.batch, "batches"), v.batch, "batches")
    _ = try agreed(q.size, k.size, "heads of queries and keys")
    let shared = try agreed(k.heads, v.heads, "numbers of heads")
    let added = try agreed(k.sequence, v.sequence, "sequences of keys and values")
    try checkSharing(queryHeads: q.heads, keyValueHeads: shared)
    let total = try length(inputs, batch, added, k, v)
    try checkMask(inputs, 3, [batch, q.heads, q.sequence, total])
    if let type = inputs[6].dataType, !type.isInteger {
      throw DataError(.mismatch, "the numbers of keys are of \(type)", expected: "whole numbers")
    }
    if let counts = try inputs.dimensions(6, "the numbers of keys", rank: 1...1) {
      _ = try agreed(counts[0], batch, "batches")
    }
    let width =
      if let heads = q.heads.value, let size = v.size.value {
        try product([.fixed(heads), .fixed(size)])
      } else { Dimension.unknown }
    return [
      TensorType(
        type,
        x.count == 3 ? [batch, q.sequence, width] : [batch, q.heads, q.sequence, v.size]),
      TensorType(type, [batch, shared, total, k.size]),
      TensorType(valueType, [batch, shared, total, v.size]),
      TensorType(type, [batch, q.heads, q.sequence, total]),
    ]
  }

  /// How many keys there are together with the past.
  private func length(
    _ inputs: OperatorInputs, _ batch: Dimension, _ added: Dimension, _ k: HeadLayout,
    _ v: HeadLayout
  ) throws -> Dimension {
    guard inputs.has(4) else { return added }
    var total = Dimension.unknown
    for (index, layout, what) in [(4, k, "the past keys"), (5, v, "the past values")] {
      guard let past = try inputs.dimensions(index, what, rank: 4...4) else { continue }
      _ = try agreed(past[0], batch, "batches")
      _ = try agreed(past[1], layout.heads, "numbers of heads")
      _ = try agreed(past[3], layout.size, "heads of \(what)")
      guard let before = past[2].value else { continue }
      if before == 0 {
        total = try agreed(total, added, "lengths")
      } else if let added = added.value {
        total = try agreed(total, .fixed(before + added), "lengths")
      }
    }
    return total
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let types = try outputTypes(for: OperatorInputs(evaluating: inputs))
    _ = try resultShapes(for: inputs)
    let x = try inputs.required(0)
    let q = x.separated(heads: queryHeads)
    var k = try inputs.required(1).separated(heads: keyValueHeads)
    var v = try inputs.required(2).separated(heads: keyValueHeads)
    var before = [Int](repeating: 0, count: q.shape[0])
    if let keys = inputs.optional(4), let values = inputs.optional(5) {
      before = before.map { _ in keys.shape[2] }
      k = try joined(keys.cast(to: k.dataType), k)
      v = try joined(values.cast(to: v.dataType), v)
    }
    let counts = inputs.optional(6)?.integers
    if let counts {
      before = try counts.map { count in
        guard count >= 0, count <= k.shape[2] else {
          throw DataError(.mismatch, "\(count) keys that count", expected: "at most \(k.shape[2])")
        }
        return count - q.shape[2]
      }
    }
    let mask = inputs.optional(3).map { AttentionMask($0) }
    let work = AttentionScores(
      q: q, k: k, v: v, scale: scale ?? 1 / Double(q.shape[3]).squareRoot(), softcap: softcap)
    let (result, stages) = work.attend(keeping: scores) { b, h, i, j in
      let position = i + before[b]
      if isCausal && j > position { return -.infinity }
      if let leftWindow, position - j > leftWindow { return -.infinity }
      if let rightWindow, j - position > rightWindow { return -.infinity }
      if let counts, j >= counts[b] { return -.infinity }
      return mask?.bias(b, h, i, j) ?? 0
    }
    let y = x.rank == 3 ? result.joiningHeads : result
    return zip([y, k.contiguous(), v.contiguous(), stages ?? y], types).map { tensor, type in
      tensor.cast(to: type.dataType ?? x.dataType)
    }
  }

  private func joined(_ past: Tensor, _ new: Tensor) throws -> Tensor {
    var shape = past.shape.dimensions
    shape[2] += new.shape[2]
    return try .concatenated([past, new], axis: 2, shape: bounded(shape))
  }
}

extension Attention: PartlyDifferentiable {
  /// With a bound, a past, counted keys or a mask that learns, it is first said with other operators.
  func hasRule(for node: Node, moving: Set<ValueID>) -> Bool {
    let mask = node.inputs.count > 3 ? node.inputs[3] : nil
    return isPlain(node) && !(mask.map(moving.contains) ?? false)
  }

  /// Whether a node of it has no bound, no past, no counted keys, and gives nothing but its result.
  func isPlain(_ node: Node) -> Bool {
    softcap == 0 && node.inputs.dropFirst(4).allSatisfy { $0 == nil }
      && node.outputs.dropFirst().allSatisfy { $0 == nil }
  }

  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    var given = try [builder.flow(0)] + (0..<3).map { try builder.input($0) }
    if builder.has(3) { given.append(try builder.input(3)) }
    return try builder.add(AttentionGradient(self), given, outputs: 3)
  }
}
