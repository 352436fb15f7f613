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

  var kind: String { "MatMul" }
  var operations: Int { 2 * starts.count * rows * inputs * outputs }
  var reads: [Region] { [left, right] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    let (a, b, y) = (frame.view(left), frame.view(right), frame.view(result))
    for (index, start) in starts.enumerated() {
      let matrix = PackedMatrix(
        .matrix(
          b[start.right..<(start.right + inputs * outputs)], inputs: inputs, outputs: outputs),
        pool: frame.pool)
      matrix.multiply(
        a[start.left..<(start.left + rows * inputs)], rows: rows,
        into: y[(index * rows * outputs)..<((index + 1) * rows * outputs)], pool: frame.pool)
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
    append(
      GeneralProductStep(
        left: try floats(a, .rowMajor(left.rank)).operand,
        right: try floats(b, .rowMajor(right.rank)).operand,
        result: try result(output, .rowMajor(shape.rank)), rows: rows, inputs: inputs,
        outputs: outputs, starts: Array(zip(starts(left), starts(right)).map { ($0, $1) })))
    return true
  }
}
