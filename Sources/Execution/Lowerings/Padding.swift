import Kernels
import ModelGraph
import Operators
import Tensors

/// A dense block set into a larger one that is filled with one value.
struct PaddingStep: Step {
  let input: Region
  let result: Region
  /// As they lie in memory.
  let inputShape: Shape
  let resultShape: Shape
  let begins: [Int]
  let value: Float

  var kind: String { "Pad" }
  var reads: [Region] { [input] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let target = frame.view(result)
    target.fill(value)
    target.copy(
      block: frame.view(input), extents: inputShape.dimensions,
      strides: resultShape.contiguousStrides,
      at: begins, pool: frame.pool)
  }
}

extension Lowering {
  static let pad = Lowering(Pad.self) { pad, node, builder in
    guard pad.mode == .constant, let x = node.inputs[0], let output = node.outputs[0],
      let shape = builder.floatShape(x), let outputShape = builder.floatShape(output),
      let (begins, ends) = builder.pads(of: node, rank: shape.rank),
      let value = node.inputs.count < 3 || node.inputs[2] == nil
        ? 0 : builder.constant(node.inputs[2])?.floats.first,
      zip(shape, zip(begins, ends)).map({ $0 + $1.0 + $1.1 }) == outputShape.dimensions
    else { return false }
    if value == 0, shape.rank > 2, begins[0] + ends[0] + begins[1] + ends[1] == 0,
      builder.isPaddedByConsumers(output, x)
    {
      builder.leave(
        output, paddedFrom: x, begin: Array(begins[2...]), end: Array(ends[2...]))
      return true
    }
    try builder.appendPadding(of: x, to: output, begins: begins, value: value)
    return true
  }
}

extension ProgramBuilder {
  func appendPadding(
    of x: ValueID, to output: ValueID, begins: [Int], value: Float
  ) throws {
    guard let shape = floatShape(x), let outputShape = floatShape(output) else { return }
    let (input, layout) = try floats(x)
    append(
      PaddingStep(
        input: input, result: try result(output, layout), inputShape: layout.physical(shape),
        resultShape: layout.physical(outputShape), begins: layout.order.map { begins[$0] },
        value: value))
  }

  /// The amounts before and after each axis, when they are known and none is negative.
  fileprivate func pads(of node: Node, rank: Int) -> (begin: [Int], end: [Int])? {
    guard let amounts = constant(node.inputs[1])?.integers else { return nil }
    var axes = Array(0..<rank)
    if node.inputs.count > 3, let id = node.inputs[3] {
      guard let given = constant(id)?.integers else { return nil }
      axes = given.map { $0 < 0 ? $0 + rank : $0 }
    }
    guard amounts.count == 2 * axes.count, amounts.allSatisfy({ $0 >= 0 }),
      axes.allSatisfy({ (0..<rank).contains($0) }), Set(axes).count == axes.count
    else { return nil }
    var (begin, end) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    for (i, axis) in axes.enumerated() {
      begin[axis] = amounts[i]
      end[axis] = amounts[i + axes.count]
    }
    return (begin, end)
  }

  /// Whether all that use `padded` can do the padding with zeros themselves.
  fileprivate func isPaddedByConsumers(_ padded: ValueID, _ x: ValueID) -> Bool {
    let users = nodes(using: padded)
    return !users.isEmpty
      && users.allSatisfy { node in
        guard let node else { return false }
        switch node.operator {
        case let conv as Conv:
          guard case .explicit = conv.padding, let rank = floatShape(padded)?.rank else {
            return false
          }
          return (rank == 3 || rank == 4) && isConstant(node.inputs[1])
            && node.inputs[0] == padded
        case let pool as MaxPool:
          guard case .explicit = pool.padding, let rank = floatShape(padded)?.rank else {
            return false
          }
          return (rank == 3 || rank == 4) && isNonNegative(x)
            && node.outputs.dropFirst().allSatisfy { $0 == nil }
        default: return false
        }
      }
  }
}
