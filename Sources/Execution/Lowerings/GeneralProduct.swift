import Kernels
import ModelGraph
import Operators
import Tensors

/// Matrix products of two operands that the run computes, one for each index of the axes before the last two.
struct GeneralProductStep: Step {
  let left: Region
  let right: Region
  let result: Region
  let rows: Int
  let inputs: Int
  let outputs: Int
  /// For each product, where its matrices start.
  let starts: [(left: Int, right: Int)]
  /// Whether the right matrices lie as `[outputs, inputs]`.
  var isTransposed = false
  var bias: Region?
  /// Where a right matrix is packed.
  let scratch: Region

  var kind: String { bias == nil ? "MatMul" : "MatMul+Add" }
  var operations: Int { 2 * starts.count * rows * inputs * outputs }
  var reads: [Region] { [left, right] + (bias.map { [$0] } ?? []) }
  var writes: [Region] { [result, scratch] }

  func run(in frame: Frame) {
    let (a, b, y) = (frame.view(left), frame.view(right), frame.view(result))
    let epilogue = Epilogue(bias: bias.map(frame.view))
    for (index, start) in starts.enumerated() {
      let part = b[start.right..<(start.right + inputs * outputs)]
      let matrix = PackedMatrix(
        isTransposed
          ? .linear(part, outputs: outputs, inputs: inputs)
          : .matrix(part, inputs: inputs, outputs: outputs),
        memory: frame.view(scratch), pool: frame.pool)
      matrix.multiply(
        a[start.left..<(start.left + rows * inputs)], rows: rows,
        into: y[(index * rows * outputs)..<((index + 1) * rows * outputs)], epilogue: epilogue,
        pool: frame.pool)
    }
  }
}

extension ProgramBuilder {
  func lowerGeneralProduct(
    _ node: Node, _ a: ValueID, _ b: ValueID, _ output: ValueID
  ) throws -> Bool {
    guard let left = floatShape(a), let right = floatShape(b), let shape = floatShape(output),
      left.rank > 1, right.rank > 1, left.elementCount > 0, right.elementCount > 0
    else { return false }
    let (rows, inputs) = (left[left.rank - 2], left[left.rank - 1])
    let outputs = right[right.rank - 1]
    let batch = Shape(Array(shape.dropLast(2)))
    func starts(_ operand: Shape) -> [Int] {
      let strides = operand.contiguousStrides
      let missing = shape.rank - operand.rank
      return (0..<batch.elementCount).map { index in
        var (rest, start) = (index, 0)
        for axis in stride(from: batch.rank - 1, through: 0, by: -1) {
          let i = rest % batch[axis]
          rest /= batch[axis]
          if axis >= missing, operand[axis - missing] != 1 { start += i * strides[axis - missing] }
        }
        return start
      }
    }
    // A transposed right matrix is packed as it lies
    let order = Array(0..<(right.rank - 2)) + [right.rank - 1, right.rank - 2]
    let isTransposed = try floats(b).layout.places(right, like: AxisOrder(order: order))
    append(
      GeneralProductStep(
        left: try floats(a, .rowMajor(left.rank)).operand,
        right: try floats(b, isTransposed ? nil : .rowMajor(right.rank)).operand,
        result: try result(output, .rowMajor(shape.rank)), rows: rows, inputs: inputs,
        outputs: outputs, starts: Array(zip(starts(left), starts(right)).map { ($0, $1) }),
        isTransposed: isTransposed, scratch: newBuffer(packedCount(inputs, outputs))))
    return true
  }

  /// `x · weightᵀ + bias` by a weight that the run is given.
  func lowerGivenLinear(_ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let b = node.inputs[1], let output = node.outputs[0],
      let xShape = floatShape(x), let weight = floatShape(b), let shape = floatShape(output),
      shape.elementCount > 0, weight.elementCount > 0
    else { return false }
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    append(
      GeneralProductStep(
        left: try floats(x, .rowMajor(xShape.rank)).operand,
        right: try floats(b, .rowMajor(2)).operand,
        result: try result(output, .rowMajor(shape.rank)),
        rows: shape.elementCount / weight[0], inputs: weight[1], outputs: weight[0],
        starts: [(0, 0)], isTransposed: true,
        bias: try bias.map { try floats($0, .rowMajor(1)).operand },
        scratch: newBuffer(packedCount(weight[1], weight[0]))))
    return true
  }

  private func packedCount(_ inputs: Int, _ outputs: Int) -> Int {
    PackedMatrix.packedCount(inputs: inputs, outputs: outputs)
  }
}
