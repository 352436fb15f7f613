import BinaryIO
import ModelGraph
import Tensors

/// Turns pairs of features of each head by angles that depend on the position.
///
/// `(a, b)` becomes `(a · cos - b · sin, a · sin + b · cos)`. Inputs: x, cos, sin, and (optional) the positions.
/// - Shapes: x `[batch, sequence, heads · d]` or `[batch, heads, sequence, d]`; cos and sin `[positions, r / 2]`, or without
///   positions `[batch, sequence, r / 2]`; positions `[batch, sequence]`. Gives x's shape.
/// - Source: ONNX RotaryEmbedding-23. Rotary Position Embedding, Su et al. 2021.
public struct RotaryEmbedding: Operator {
  public static let name = "RotaryEmbedding"
  /// Whether neighbours make a pair; otherwise features of the first half with those of the second.
  public var isInterleaved: Bool
  /// How many features r of each head are turned; the others stay. All when nil.
  public var rotaryDimension: Int?
  /// How many heads share the last axis, where x has three axes.
  public var heads: Int?

  public init(isInterleaved: Bool = false, rotaryDimension: Int? = nil, heads: Int? = nil) {
    self.isInterleaved = isInterleaved
    self.rotaryDimension = rotaryDimension
    self.heads = heads
  }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    try inputs.expect(3...4)
    try inputs.floatingPoint(0)
    let type = try inputs.sameType(0...2)
    if inputs.has(3) { try checkIndices(inputs, 3) }
    guard let dimensions = try inputs.dimensions(0, "the input", rank: 3...4) else {
      return [TensorType(type)]
    }
    let x = try HeadLayout(dimensions, heads: heads, "the input")
    if let positions = try inputs.dimensions(3, "the positions", rank: 2...2) {
      _ = try agreed(positions[0], x.batch, "batches")
      _ = try agreed(positions[1], x.sequence, "sequences")
    }
    let half = try turned(x.size).map { Dimension.fixed($0 / 2) } ?? .unknown
    let rank = inputs.has(3) ? 2 : 3
    for (index, what) in [(1, "the cosines"), (2, "the sines")] {
      guard let table = try inputs.dimensions(index, what, rank: rank...rank) else { continue }
      _ = try agreed(table[rank - 1], half, "pairs in the input and \(what)")
      guard rank == 3 else { continue }
      if table[0] != 1 { _ = try agreed(table[0], x.batch, "batches") }
      _ = try agreed(table[1], x.sequence, "sequences")
    }
    return [TensorType(type, dimensions)]
  }

  /// How many features of a head are turned.
  private func turned(_ size: Dimension) throws -> Int? {
    if let rotaryDimension, rotaryDimension < 0 || rotaryDimension > size.value ?? .max {
      throw DataError(.mismatch, "\(rotaryDimension) of \(size) features are turned")
    }
    guard let count = rotaryDimension ?? size.value else { return nil }
    guard count % 2 == 0 else { throw DataError(.mismatch, "\(count) features make no pairs") }
    return count
  }

  /// Computed in Double.
  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let shape = try resultShape(for: inputs)
    let input = try inputs.required(0)
    let x = input.separated(heads: heads)
    let (batch, heads, sequence, size) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let count = try turned(.fixed(size)) ?? size
    let cosines = try table(inputs, 1, [batch, sequence, count / 2])
    let sines = try table(inputs, 2, [batch, sequence, count / 2])
    var values = x.doubles
    for row in 0..<(batch * heads * sequence) {
      let angle = (row / (heads * sequence) * sequence + row % sequence) * (count / 2)
      for pair in 0..<(count / 2) {
        let first = row * size + (isInterleaved ? 2 * pair : pair)
        let second = isInterleaved ? first + 1 : first + count / 2
        let (a, b) = (values[first], values[second])
        let (cosine, sine) = (cosines[angle + pair], sines[angle + pair])
        values[first] = a * cosine - b * sine
        values[second] = a * sine + b * cosine
      }
    }
    let result = Tensor(shape: x.shape, values).cast(to: input.dataType)
    return [shape.rank == 3 ? result.joiningHeads : result]
  }

  /// A table's row for each place of the sequence.
  private func table(_ inputs: [Tensor?], _ index: Int, _ shape: Shape) throws -> [Double] {
    let table = try inputs.required(index)
    guard let positions = inputs.optional(3) else { return table.broadcast(to: shape).doubles }
    let rows = try positions.integers.map { try resolve(index: $0, table.shape[0]) }
    return try table.selecting(axis: 0, rows).doubles
  }
}

extension RotaryEmbedding: Differentiable {
  /// The turn back: by the same angles the other way.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    guard !builder.wants(1), !builder.wants(2) else {
      throw DataError(.unsupported, "angles that learn")
    }
    let back = try builder.negated(builder.input(2))
    let rest = builder.has(3) ? [try builder.input(3)] : []
    return [try builder.add(self, [builder.flow(0), builder.input(1), back] + rest)]
  }
}
