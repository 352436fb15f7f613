import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// Attention over operands that lie where they lie: no head is moved.
struct AttentionStep: Step {
  let kernel: AttentionKernel
  let q: PlacedHeads
  let k: PlacedHeads
  let v: PlacedHeads
  let bias: PlacedBias?
  let keys: Int
  /// Of `[batch]`: how many keys count, if not all.
  let counts: Argument?
  let result: PlacedHeads
  var dropped: DroppedShares?

  var kind: String { dropped == nil ? Attention.name : AttentionInTraining.name }
  var operations: Int {
    2 * kernel.batch * kernel.queryHeads * kernel.queries * keys * (kernel.size + kernel.width)
  }
  var reads: [Region] { [q.region, k.region, v.region] + (bias.map { [$0.region] } ?? []) }
  var writes: [Region] { [result.region] }
  var takes: [Argument] { [counts, dropped?.key].compactMap { $0 } }

  var rowCount: Int? { dropped == nil ? kernel.batch * kernel.queries : nil }

  /// Items of the batch alone: a query needs all keys of its own.
  func part(_ range: Range<Int>, of total: Int) -> (any Step)? {
    guard rowCount == total, counts == nil, kernel.queries > 0,
      range.lowerBound % kernel.queries == 0, range.upperBound % kernel.queries == 0
    else { return nil }
    let items = (range.lowerBound / kernel.queries)..<(range.upperBound / kernel.queries)
    var kernel = kernel
    kernel.batch = items.count
    let (heads, others) = (kernel.queryHeads, kernel.keyValueHeads)
    guard let q = q.items(items, heads: heads, rows: kernel.queries, features: kernel.size),
      let k = k.items(items, heads: others, rows: keys, features: kernel.size),
      let v = v.items(items, heads: others, rows: keys, features: kernel.width),
      let result = result.items(items, heads: heads, rows: kernel.queries, features: kernel.width)
    else { return nil }
    return AttentionStep(
      kernel: kernel, q: q, k: k, v: v, bias: bias?.items(from: items.lowerBound), keys: keys,
      counts: nil, result: result)
  }

  func run(in frame: Frame) throws {
    var lengths = [Int](repeating: keys, count: kernel.batch)
    var before = [Int](repeating: 0, count: kernel.batch)
    if let counts {
      lengths = try frame.tensor(counts).integers.map { count in
        guard count >= 0, count <= keys else {
          throw DataError(.mismatch, "\(count) keys that count", expected: "at most \(keys)")
        }
        return count
      }
      before = lengths.map { $0 - kernel.queries }
    }
    try kernel.attend(
      q.placed(in: frame), k.placed(in: frame), v.placed(in: frame), keys: lengths,
      before: before,
      bias: bias?.placed(in: frame), dropout: dropped?.dropout(in: frame),
      into: result.placed(in: frame), pool: frame.pool)
  }
}

/// Heads in a region.
struct PlacedHeads: Sendable {
  var region: Region
  var strides: HeadStrides

  func placed(in frame: Frame) -> AttentionKernel.Placed { (frame.view(region), strides) }

  /// Those of some items of the batch; nil where items do not lie one after the other.
  func items(_ range: Range<Int>, heads: Int, rows: Int, features: Int) -> PlacedHeads? {
    let one = (heads - 1) * strides.head + (rows - 1) * strides.row + features
    guard strides.batch >= one, !range.isEmpty else { return nil }
    let start = range.lowerBound * strides.batch
    let part = region[start..<(start + (range.count - 1) * strides.batch + one)]
    return PlacedHeads(region: part, strides: strides)
  }
}

/// What is added to scores, in a region.
struct PlacedBias: Sendable {
  var region: Region
  var strides: HeadStrides
  var key: Int

  func items(from first: Int) -> PlacedBias {
    let part = region[(first * strides.batch)..<region.count]
    return PlacedBias(region: part, strides: strides, key: key)
  }

  func placed(in frame: Frame) -> AttentionBias {
    AttentionBias(values: frame.view(region), strides: strides, key: key)
  }
}

/// A mask of flags as what is added to scores: 0, or -∞ for those that take no part.
struct MaskStep: Step {
  let mask: Argument
  let result: Region

  var kind: String { "mask" }
  var writes: [Region] { [result] }
  var takes: [Argument] { [mask] }

  func run(in frame: Frame) {
    frame.view(result).copy(
      from: frame.tensor(mask).values(as: Bool.self).map { $0 ? 0 : -.infinity })
  }
}

extension Lowering {
  static let attention = Lowering(Attention.self) { attention, node, builder in
    guard node.inputs.dropFirst(4).prefix(2).allSatisfy({ $0 == nil }) else { return false }
    let counts = node.inputs.count > 6 ? node.inputs[6] : nil
    return try builder.lower(attention, node, counts: counts)
  }

  static let attentionInTraining = Lowering(AttentionInTraining.self) { layer, node, builder in
    try builder.lower(layer.attention, node, dropping: layer)
  }
}

extension ProgramBuilder {
  /// - Parameters:
  ///   - counts: how many keys of each row count, if not all.
  ///   - layer: drops shares by the key in input 4.
  fileprivate func lower(
    _ attention: Attention, _ node: Node, counts: ValueID? = nil,
    dropping layer: AttentionInTraining? = nil
  ) throws -> Bool {
    let builder = self
    guard let x = node.inputs[0], let y = node.inputs[1], let z = node.inputs[2],
      let output = node.outputs[0], let shape = builder.floatShape(output),
      node.outputs.dropFirst().allSatisfy({ $0 == nil }), shape.elementCount > 0
    else { return false }
    let mask = node.inputs.count > 3 ? node.inputs[3] : nil
    guard let q = try builder.heads(x, attention.queryHeads),
      let k = try builder.heads(y, attention.keyValueHeads),
      let v = try builder.heads(z, attention.keyValueHeads)
    else { return false }
    var keys = k.places.rows
    var bias: PlacedBias?
    if let mask {
      guard let found = try builder.bias(mask, keys: &keys) else { return false }
      bias = found
    }
    // Shares are counted by the keys that there are
    guard layer == nil || keys == k.places.rows else { return false }
    // Row-major for three axes; for four, heads lie beside each other as they do for three.
    let layout =
      shape.rank == 3 ? AxisOrder.rowMajor(3) : AxisOrder(order: [0, 2, 1, 3])
    guard let places = HeadPlaces(shape, heads: q.places.heads, layout: layout) else {
      return false
    }
    let kernel = AttentionKernel(
      batch: q.places.batch, queryHeads: q.places.heads, keyValueHeads: k.places.heads,
      queries: q.places.rows, size: q.places.size, width: v.places.size,
      scale: Float(attention.scale ?? 1 / Double(q.places.size).squareRoot()),
      softcap: Float(attention.softcap), left: attention.leftWindow,
      right: attention.isCausal ? 0 : attention.rightWindow)
    builder.append(
      AttentionStep(
        kernel: kernel, q: PlacedHeads(region: q.operand, strides: q.places.strides),
        k: PlacedHeads(region: k.operand, strides: k.places.strides),
        v: PlacedHeads(region: v.operand, strides: v.places.strides), bias: bias, keys: keys,
        counts: try counts.map(builder.argument),
        result: PlacedHeads(
          region: try builder.result(output, layout), strides: places.strides),
        dropped: try builder.dropped(layer, node.inputs.last ?? nil, kernel)))
    return true
  }
}

extension ProgramBuilder {
  /// The shares that `layer` drops by a key; nil without one.
  func dropped(
    _ layer: AttentionInTraining?, _ key: ValueID?, _ kernel: AttentionKernel
  ) throws -> DroppedShares? {
    guard let layer, let key else { return nil }
    return DroppedShares(
      layer: layer, key: try argument(key),
      rows: kernel.batch * kernel.queryHeads * kernel.queries)
  }

  /// A mask as what is added to scores; keys beyond its last axis are cut off.
  func bias(_ mask: ValueID, keys: inout Int) throws -> PlacedBias? {
    guard let shape = graph[mask].type.shape, (1...4).contains(shape.rank) else { return nil }
    let region: Region
    if graph[mask].type.dataType == .bool {
      if let known = maskPlaces[mask] {
        region = known
      } else {
        region = newBuffer(shape.elementCount)
        append(MaskStep(mask: try argument(mask), result: region))
        maskPlaces[mask] = region
      }
    } else {
      guard floatShape(mask) != nil else { return nil }
      region = try floats(mask, .rowMajor(shape.rank)).operand
    }
    let extents = [Int](repeating: 1, count: 4 - shape.rank) + shape.dimensions
    let dense = Shape(extents).contiguousStrides
    let strides = zip(extents, dense).map { $0 == 1 ? 0 : $1 }
    if extents[3] != 1 { keys = min(keys, extents[3]) }
    return PlacedBias(
      region: region, strides: HeadStrides(batch: strides[0], head: strides[1], row: strides[2]),
      key: strides[3])
  }
}
