import Kernels
import ModelGraph
import Operators
import Tensors

extension ProgramBuilder {
  /// `x · weightᵀ + bias` with a tail, by the weights as they are stored; false where packed weights do better.
  func lowerToStoredProduct(_ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let weight = node.inputs[1], let output = node.outputs[0],
      let xShape = floatShape(x), let shape = floatShape(output), shape.elementCount > 0,
      xShape.rank > 0, floatShape(weight) != nil, let tensor = graph.constants[weight],
      tensor.rank == 2,
      let matrix = storedMatrix(tensor, rows: shape.elementCount / tensor.shape[0]),
      xShape[xShape.rank - 1] == matrix.inputs
    else { return false }
    var bias: [Float]?
    if node.inputs.count > 2, let c = node.inputs[2] {
      guard let values = channelValues(c, axis: shape.rank - 1, of: shape) else { return false }
      bias = values
    }
    var tail = takeTail(
      of: node, after: output, channelAxis: shape.rank - 1, .product.subtracting(.scale))
    if let bias { tail.add(bias) }
    let rowMajor = AxisOrder.rowMajor(shape.rank)
    let input = try floats(x, .rowMajor(xShape.rank)).operand
    let residual = try tail.residual.map { try floats($0, rowMajor).operand }
    let factor = try tail.factor.map { try floats($0, rowMajor).operand }
    append(
      MatrixProductStep(
        kind: tail.kind, input: input, residual: residual,
        result: try result(tail.output, rowMajor), weights: matrix,
        rows: shape.elementCount / matrix.outputs, bias: tail.shift.map { FloatView($0) },
        clamp: tail.clamp, activation: tail.activation, factor: factor))
    return true
  }

  /// The matrix where it lies: quantised blocks always; floats for few rows, which wait for memory, and in a session that
  /// keeps a state, whose weights should be in memory once.
  func usesStored(_ tensor: Tensor, rows: Int) -> Bool {
    tensor.dataType.isBlockQuantised || rows <= StoredMatrix.fewRows || hasStates
  }

  private func storedMatrix(_ tensor: Tensor, rows: Int) -> StoredMatrix? {
    usesStored(tensor, rows: rows) ? StoredMatrix(tensor) : nil
  }
}
