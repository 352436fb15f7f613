import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// Attention over caches that are written in place.
struct CachedAttentionStep: Step {
  let kernel: AttentionKernel
  let q: PlacedHeads
  let k: Region
  let v: Region
  /// `[batch, heads, capacity, size]`, row-major.
  let keyCache: Region
  let valueCache: Region
  let capacity: Int
  /// Of `[batch]`.
  let starts: Argument
  let bias: PlacedBias?
  let result: PlacedHeads

  var kind: String { CachedAttention.name }
  var reads: [Region] {
    [q.region, k, v, keyCache, valueCache] + (bias.map { [$0.region] } ?? [])
  }
  var writes: [Region] { [result.region, keyCache, valueCache] }
  var takes: [Argument] { [starts] }

  func run(in frame: Frame) throws {
    let places = try CachedAttention.places(
      starts: frame.tensor(starts).integers, sequence: kernel.queries, capacity: capacity)
    let caches = (frame.view(keyCache), frame.view(valueCache))
    store(frame.view(k), into: caches.0, at: places, pool: frame.pool)
    store(frame.view(v), into: caches.1, at: places, pool: frame.pool)
    let strides = HeadStrides(
      batch: kernel.keyValueHeads * capacity * kernel.size, head: capacity * kernel.size,
      row: kernel.size)
    kernel.attend(
      q.placed(in: frame), (caches.0, strides), (caches.1, strides),
      keys: places.map(\.upperBound), before: places.map(\.lowerBound),
      bias: bias?.placed(in: frame), into: result.placed(in: frame), pool: frame.pool)
  }

  /// `[batch, sequence, heads · size]` into each row's places.
  private func store(
    _ new: FloatView, into cache: FloatView, at places: [Range<Int>], pool: ThreadPool
  ) {
    let (heads, size) = (kernel.keyValueHeads, kernel.size)
    let (step, row) = (kernel.queries * heads * size, heads * capacity * size)
    for (b, place) in places.enumerated() {
      cache[(b * row)..<((b + 1) * row)].copy(
        block: new[(b * step)..<((b + 1) * step)], extents: [kernel.queries, heads, size],
        strides: [size, capacity * size, 1], at: [place.lowerBound, 0, 0], pool: pool)
    }
  }
}

extension Lowering {
  static let cachedAttention = Lowering(CachedAttention.self) { attention, node, builder in
    guard let x = node.inputs[0], let k = node.inputs[1], let v = node.inputs[2],
      let pastKeys = node.inputs[3], let pastValues = node.inputs[4],
      let starts = node.inputs[5], let output = node.outputs[0],
      let shape = builder.floatShape(output), let cache = builder.floatShape(pastKeys),
      builder.floatShape(pastValues) == cache, builder.floatShape(k) != nil,
      builder.floatShape(v) != nil, shape.elementCount > 0, cache.elementCount > 0,
      let q = try builder.heads(x, attention.queryHeads),
      let places = HeadPlaces(shape, heads: attention.queryHeads, layout: .rowMajor(3))
    else { return false }
    var bias: PlacedBias?
    if node.inputs.count > 6, let mask = node.inputs[6] {
      var keys = cache[2]
      guard let found = try builder.bias(mask, keys: &keys), keys == cache[2] else { return false }
      bias = found
    }
    let rowMajor = AxisOrder.rowMajor(3)
    let caches = try zip([pastKeys, pastValues], [1, 2]).map { past, index in
      try builder.writableCache(
        past, cache, output: node.outputs.count > index ? node.outputs[index] : nil)
    }
    let kernel = AttentionKernel(
      batch: q.places.batch, queryHeads: attention.queryHeads,
      keyValueHeads: attention.keyValueHeads, queries: q.places.rows, size: q.places.size,
      width: q.places.size,
      scale: Float(attention.scale ?? 1 / Double(q.places.size).squareRoot()),
      softcap: Float(attention.softcap), left: attention.window.map { $0 - 1 }, right: 0)
    builder.append(
      CachedAttentionStep(
        kernel: kernel, q: PlacedHeads(region: q.operand, strides: q.places.strides),
        k: try builder.floats(k, rowMajor).operand, v: try builder.floats(v, rowMajor).operand,
        keyCache: caches[0], valueCache: caches[1], capacity: cache[2],
        starts: try builder.argument(starts), bias: bias,
        result: PlacedHeads(
          region: try builder.result(output, rowMajor), strides: places.strides)))
    return true
  }
}

extension ProgramBuilder {
  /// Where a cache is written: the state itself when nothing else looks at it, else a copy.
  fileprivate func writableCache(
    _ past: ValueID, _ shape: Shape, output: ValueID?
  ) throws -> Region {
    let layout = AxisOrder.rowMajor(shape.rank)
    let source = try floats(past, layout).operand
    var region = source
    if !(isState(past) && nodes(using: past).count == 1) {
      region = newBuffer(shape.elementCount)
      append(
        ConversionStep(
          source: source, result: region, shape: shape, strides: shape.contiguousStrides))
    }
    if let output { place(output, at: region, layout) }
    return region
  }
}
