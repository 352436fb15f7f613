import Kernels
import ModelGraph
import Operators
import Tensors

/// Each channel multiplied and shifted, then kept between bounds.
struct AffineStep: Step {
  let kind: String
  let input: Region
  let result: Region
  let scale: FloatView
  let shift: FloatView
  let clamp: Clamp

  var reads: [Region] { [input] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { (input, result) }

  func run(in frame: Frame) {
    Elementwise.affine(
      frame.view(input), scale: scale, shift: shift, rows: input.count / scale.count,
      columns: scale.count, clamp: clamp, into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  /// A BatchNormalization that no convolution before it could take along.
  static let batchNormalization = Lowering(BatchNormalization.self) { norm, node, builder in
    guard let x = node.inputs[0], let output = node.outputs[0],
      let shape = builder.floatShape(x), shape.rank > 1, shape.elementCount > 0,
      node.outputs.dropFirst().allSatisfy({ $0 == nil }),
      var (scale, shift) = builder.affine(norm, node)
    else { return false }
    let tail = builder.takeTail(
      of: node, after: output, channelAxis: 1, [.scale, .shift])
    if let more = tail.scale {
      scale = zip(scale, more).map { $0 * $1 }
      shift = zip(shift, more).map { $0 * $1 }
    }
    if let more = tail.shift { shift = zip(shift, more).map { $0 + $1 } }
    let layout = shape.rank == 2 ? AxisOrder.rowMajor(2) : .channelsLast(shape.rank)
    builder.append(
      AffineStep(
        kind: tail.kind, input: try builder.floats(x, layout).operand,
        result: try builder.result(tail.output, layout), scale: FloatView(scale),
        shift: FloatView(shift), clamp: tail.clamp))
    return true
  }
}
