import Kernels
import ModelGraph
import Operators
import Tensors

/// Matrix products of two operands that the run computes, one for each index of the axes before the last two.
struct GeneralProductStep: Step {
  let kind: String
  let left: Region
  let right: Region
  let result: Region
  let rows: Int
  let inputs: Int
  let outputs: Int
  /// For each product, where its matrices start.
  let starts: [(left: Int, right: Int)]
  /// Whether the left matrices lie as `[inputs, rows]`.
  var isLeftTransposed = false
  /// Whether the right matrices lie as `[outputs, inputs]`.
  var isTransposed = false
  var bias: Region?
  /// Of the result's shape.
  var residual: Region?
  var clamp = Clamp.none
  /// Where a right matrix is packed.
  let scratch: Region
  var precision = ProductPrecision.float32

  var operations: Int { 2 * starts.count * rows * inputs * outputs }
  var reads: [Region] { [left, right] + [bias, residual].compactMap { $0 } }
  var writes: [Region] { [result, scratch] }
  var inPlace: (read: Region, write: Region)? { residual.map { ($0, result) } }

  func run(in frame: Frame) {
    let (a, b, y) = (frame.view(left), frame.view(right), frame.view(result))
    for (index, start) in starts.enumerated() {
      let part = b[start.right..<(start.right + inputs * outputs)]
      let weight: Weight =
        isTransposed
        ? .linear(part, outputs: outputs, inputs: inputs)
        : .matrix(part, inputs: inputs, outputs: outputs)
      let x = a[start.left..<(start.left + rows * inputs)]
      let range = (index * rows * outputs)..<((index + 1) * rows * outputs)
      let matrix = packed(weight, in: frame)
      if isLeftTransposed {
        matrix.multiplyAcross(x, rows: rows, stride: rows, into: y[range], pool: frame.pool)
      } else {
        matrix.multiply(
          x, rows: rows, into: y[range],
          epilogue: Epilogue(
            bias: bias.map(frame.view), residual: residual.map { frame.view($0)[range] },
            clamp: clamp), pool: frame.pool)
      }
    }
  }

  private func packed(_ weight: Weight, in frame: Frame) -> any PackedWeights {
    switch precision {
    case .float32:
      PackedMatrix(
        weight, usesOpenBLAS: !isLeftTransposed, memory: frame.view(scratch), pool: frame.pool)
    case .bfloat16: BFloat16Matrix(weight, memory: frame.view(scratch), pool: frame.pool)
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
    let (inputs, outputs) = (left[left.rank - 1], right[right.rank - 1])
    // One matrix for all is one product of all rows
    let isShared = right.elementCount == inputs * outputs
    let rows = isShared ? left.elementCount / inputs : left[left.rank - 2]
    let starts =
      isShared
      ? [(0, 0)]
      : Array(zip(starts(of: left, in: shape), starts(of: right, in: shape)).map { ($0, $1) })
    // A transposed matrix is packed as it lies
    func isTransposed(_ id: ValueID, _ shape: Shape) throws -> Bool {
      let order = Array(0..<(shape.rank - 2)) + [shape.rank - 1, shape.rank - 2]
      return try floats(id).layout.places(shape, like: AxisOrder(order: order))
    }
    let isRightTransposed = try isTransposed(b, right)
    let isLeftTransposed =
      try left.rank == 2 && left.elementCount > left[0] && left.elementCount > left[1]
      && !isConstant(a) && isTransposed(a, left)
    let tail =
      isLeftTransposed
      ? nil
      : takeTail(of: node, after: output, channelAxis: shape.rank - 1, .residual)
    let layout = AxisOrder.rowMajor(shape.rank)
    append(
      GeneralProductStep(
        kind: tail?.kind ?? node.operator.name,
        left: try floats(a, isLeftTransposed ? nil : .rowMajor(left.rank)).operand,
        right: try floats(b, isRightTransposed ? nil : .rowMajor(right.rank)).operand,
        result: try result(tail?.output ?? output, layout), rows: rows, inputs: inputs,
        outputs: outputs, starts: starts, isLeftTransposed: isLeftTransposed,
        isTransposed: isRightTransposed,
        residual: try tail?.residual.map { try floats($0, layout).operand },
        clamp: tail?.clamp ?? .none, scratch: newBuffer(packedCount(inputs, outputs)),
        precision: products))
    return true
  }

  /// For each product where its matrix of an operand starts, which may be the same for several.
  private func starts(of operand: Shape, in shape: Shape) -> [Int] {
    let batch = Shape(Array(shape.dropLast(2)))
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

  /// `x · weightᵀ + bias` by a weight that the run is given.
  func lowerGivenLinear(_ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let b = node.inputs[1], let output = node.outputs[0],
      let xShape = floatShape(x), let weight = floatShape(b), let shape = floatShape(output),
      shape.elementCount > 0, weight.elementCount > 0
    else { return false }
    let bias = node.inputs.count > 2 ? node.inputs[2] : nil
    let tail = takeTail(of: node, after: output, channelAxis: shape.rank - 1, .residual)
    let layout = AxisOrder.rowMajor(shape.rank)
    append(
      GeneralProductStep(
        kind: tail.kind, left: try floats(x, .rowMajor(xShape.rank)).operand,
        right: try floats(b, .rowMajor(2)).operand, result: try result(tail.output, layout),
        rows: shape.elementCount / weight[0], inputs: weight[1], outputs: weight[0],
        starts: [(0, 0)], isTransposed: true,
        bias: try bias.map { try floats($0, .rowMajor(1)).operand },
        residual: try tail.residual.map { try floats($0, layout).operand }, clamp: tail.clamp,
        scratch: newBuffer(packedCount(weight[1], weight[0])), precision: products))
    return true
  }

  private func packedCount(_ inputs: Int, _ outputs: Int) -> Int {
    switch products {
    case .float32: PackedMatrix.packedCount(inputs: inputs, outputs: outputs)
    case .bfloat16: BFloat16Matrix.packedCount(inputs: inputs, outputs: outputs)
    }
  }
}
