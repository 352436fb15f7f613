import Kernels
import ModelGraph
import Operators
import Tensors

struct AttentionGradientStep: Step {
  let kernel: AttentionKernel
  let flow: PlacedHeads
  let q: PlacedHeads
  let k: PlacedHeads
  let v: PlacedHeads
  let bias: PlacedBias?
  let keys: Int
  let dq: PlacedHeads
  let dk: PlacedHeads
  let dv: PlacedHeads
  let dropped: DroppedShares?

  var kind: String { AttentionGradient.name }
  var operations: Int {
    2 * kernel.batch * kernel.queryHeads * kernel.queries * keys
      * (3 * kernel.size + 2 * kernel.width)
  }
  var reads: [Region] {
    [flow.region, q.region, k.region, v.region] + (bias.map { [$0.region] } ?? [])
  }
  var writes: [Region] { [dq.region, dk.region, dv.region] }
  var takes: [Argument] { dropped.map { [$0.key] } ?? [] }

  func run(in frame: Frame) throws {
    try kernel.gradient(
      flow.placed(in: frame), q.placed(in: frame), k.placed(in: frame), v.placed(in: frame),
      keys: keys, bias: bias?.placed(in: frame), dropout: dropped?.dropout(in: frame),
      into: AttentionKernel.Gradients(
        q: dq.placed(in: frame), k: dk.placed(in: frame), v: dv.placed(in: frame)),
      pool: frame.pool)
  }
}

extension Lowering {
  static let attentionGradient = Lowering(AttentionGradient.self) { gradient, node, builder in
    let attention = gradient.attention
    guard let given = node.inputs[0], let x = node.inputs[1], let y = node.inputs[2],
      let z = node.inputs[3], builder.floatShape(given).map({ $0.elementCount > 0 }) == true,
      let flow = try builder.heads(given, attention.queryHeads),
      let q = try builder.heads(x, attention.queryHeads),
      let k = try builder.heads(y, attention.keyValueHeads),
      let v = try builder.heads(z, attention.keyValueHeads)
    else { return false }
    var keys = k.places.rows
    var bias: PlacedBias?
    if node.inputs.count > 4, let mask = node.inputs[4] {
      guard let found = try builder.bias(mask, keys: &keys), keys == k.places.rows else {
        return false
      }
      bias = found
    }
    func result(_ index: Int, heads: Int) throws -> PlacedHeads? {
      guard let id = node.outputs[index], let shape = builder.floatShape(id) else { return nil }
      let layout = shape.rank == 3 ? AxisOrder.rowMajor(3) : AxisOrder(order: [0, 2, 1, 3])
      guard let places = HeadPlaces(shape, heads: heads, layout: layout) else { return nil }
      return PlacedHeads(region: try builder.result(id, layout), strides: places.strides)
    }
    guard let dq = try result(0, heads: q.places.heads),
      let dk = try result(1, heads: k.places.heads), let dv = try result(2, heads: k.places.heads)
    else { return false }
    let kernel = AttentionKernel(
      batch: q.places.batch, queryHeads: q.places.heads, keyValueHeads: k.places.heads,
      queries: q.places.rows, size: q.places.size, width: v.places.size,
      scale: Float(attention.scale ?? 1 / Double(q.places.size).squareRoot()),
      left: attention.leftWindow, right: attention.isCausal ? 0 : attention.rightWindow)
    func placed(_ found: (operand: Region, places: HeadPlaces)) -> PlacedHeads {
      PlacedHeads(region: found.operand, strides: found.places.strides)
    }
    builder.append(
      AttentionGradientStep(
        kernel: kernel, flow: placed(flow), q: placed(q), k: placed(k), v: placed(v), bias: bias,
        keys: keys, dq: dq, dk: dk, dv: dv,
        dropped: try builder.dropped(gradient.dropping, node.inputs.last ?? nil, kernel)))
    return true
  }
}
