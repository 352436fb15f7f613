import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// Rows of a known table, which stays in the type that it is stored in.
struct EmbeddingStep: Step {
  let table: Tensor
  let indices: Argument
  let result: Region

  var kind: String { Gather.name }
  var writes: [Region] { [result] }
  var takes: [Argument] { [indices] }

  func run(in frame: Frame) throws {
    let count = table.shape[0]
    let rows = try frame.tensor(indices).integers.map { index in
      let row = index < 0 ? index + count : index
      guard row >= 0, row < count else {
        throw DataError(.mismatch, "the index \(index) on an axis of \(count)")
      }
      return row
    }
    Gathering.rows(rows, of: table, into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  static let gather = Lowering(Gather.self) { gather, node, builder in
    guard let x = node.inputs[0], let indices = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(x)
    else { return false }
    if let index = builder.constant(indices), index.rank == 0, !builder.isConstant(x) {
      return try builder.lowerToIndex(x, index.integers[0], axis: gather.axis, output)
    }
    guard let table = builder.graph.constants[x], shape.rank > 0,
      gather.axis == 0 || gather.axis == -shape.rank, shape.elementCount > 0,
      let result = builder.floatShape(output)
    else { return false }
    builder.append(
      EmbeddingStep(
        table: table, indices: try builder.argument(indices),
        result: try builder.result(output, .rowMajor(result.rank))))
    return true
  }
}

extension ProgramBuilder {
  /// One place of an axis, which goes.
  fileprivate func lowerToIndex(
    _ x: ValueID, _ index: Int, axis: Int, _ output: ValueID
  ) throws -> Bool {
    guard let shape = floatShape(x), let outputShape = floatShape(output),
      outputShape.elementCount > 0, outputShape.rank == shape.rank - 1
    else { return false }
    let axis = axis < 0 ? axis + shape.rank : axis
    let place = index < 0 ? index + shape[axis] : index
    guard shape.indices.contains(axis), place >= 0, place < shape[axis] else { return false }
    let source = try floats(x, .rowMajor(shape.rank)).operand
    var strides = shape.contiguousStrides
    let offset = place * strides.remove(at: axis)
    let extent = zip(outputShape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    let part = source[offset..<(offset + extent)]
    let layout = AxisOrder.rowMajor(outputShape.rank)
    if extent == outputShape.elementCount {
      self.place(output, at: part, layout)
    } else {
      append(
        ConversionStep(
          source: part, result: try result(output, layout), shape: outputShape, strides: strides))
    }
    return true
  }
}
