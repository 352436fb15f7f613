import Kernels
import ModelGraph
import Operators
import Tensors

/// Blocks laid side by side along an axis.
struct JoiningStep: Step {
  let inputs: [Region]
  let result: Region
  /// Blocks of each input, and floats of one block of each.
  let outer: Int
  let inner: [Int]

  var kind: String { "Concat" }
  var reads: [Region] { inputs }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let target = frame.view(result)
    let stride = inner.reduce(0, +)
    var start = 0
    for (input, length) in zip(inputs, inner) {
      target.copy(
        block: frame.view(input), extents: [outer, length], strides: [stride, 1],
        at: [0, start], pool: frame.pool)
      start += length
    }
  }
}

extension Lowering {
  static let concat = Lowering(Concat.self) { concat, node, builder in
    let ids = node.inputs.compactMap { $0 }
    guard let output = node.outputs[0], let shape = builder.floatShape(output), shape.rank > 0,
      !ids.isEmpty, ids.allSatisfy({ builder.floatShape($0) != nil })
    else { return false }
    let axis = concat.axis < 0 ? concat.axis + shape.rank : concat.axis
    let lead = ids.first { !builder.isConstant($0) } ?? ids[0]
    let layout = try builder.floats(lead).layout
    let place = layout.order.firstIndex(of: axis) ?? 0
    let outer = layout.order[..<place].reduce(1) { $0 * shape[$1] }
    let inputs = try ids.map { try builder.floats($0, layout).operand }
    builder.append(
      JoiningStep(
        inputs: inputs, result: try builder.result(output, layout), outer: outer,
        inner: inputs.map { $0.count / max(outer, 1) }))
    return true
  }
}
