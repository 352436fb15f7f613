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
    let rows = try frame.tensor(indices).rows(below: table.shape[0])
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
    if !builder.isConstant(x), try builder.lowerGivenEmbedding(gather, node) { return true }
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

  /// Rows of a table that the run is given.
  fileprivate func lowerGivenEmbedding(_ gather: Gather, _ node: Node) throws -> Bool {
    guard let x = node.inputs[0], let indices = node.inputs[1], let output = node.outputs[0],
      let shape = floatShape(x), shape.rank > 0, shape.elementCount > 0,
      gather.axis == 0 || gather.axis == -shape.rank, let outputShape = floatShape(output)
    else { return false }
    append(
      GivenEmbeddingStep(
        table: try floats(x, .rowMajor(shape.rank)).operand, indices: try argument(indices),
        result: try result(output, .rowMajor(outputShape.rank)), count: shape[0]))
    return true
  }
}

/// Rows of a table that the run is given.
struct GivenEmbeddingStep: Step {
  let table: Region
  let indices: Argument
  let result: Region
  let count: Int

  var kind: String { Gather.name }
  var reads: [Region] { [table] }
  var writes: [Region] { [result] }
  var takes: [Argument] { [indices] }

  func run(in frame: Frame) throws {
    let rows = try frame.tensor(indices).rows(below: count)
    Gathering.rows(
      rows, of: frame.view(table), width: table.count / count, into: frame.view(result),
      pool: frame.pool)
  }
}

struct GatherGradientStep: Step {
  let indices: Argument
  let parts: Region
  let result: Region
  /// How many tables there are, and rows of each.
  let outer: Int
  let count: Int

  var kind: String { GatherGradient.name }
  var reads: [Region] { [parts] }
  var writes: [Region] { [result] }
  var takes: [Argument] { [indices] }

  func run(in frame: Frame) throws {
    let one = try frame.tensor(indices).rows(below: count)
    let rows = (0..<outer).flatMap { table in one.map { table * count + $0 } }
    Gathering.gradient(
      rows, of: frame.view(parts), count: outer * count, width: result.count / (outer * count),
      into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  static let gatherGradient = Lowering(GatherGradient.self) { gradient, node, builder in
    guard let indices = node.inputs[0], let parts = node.inputs[1], let output = node.outputs[0],
      let shape = builder.floatShape(output), let partShape = builder.floatShape(parts),
      shape.elementCount > 0
    else { return false }
    builder.append(
      GatherGradientStep(
        indices: try builder.argument(indices),
        parts: try builder.floats(parts, .rowMajor(partShape.rank)).operand,
        result: try builder.result(output, .rowMajor(shape.rank)),
        outer: shape.dimensions[..<gradient.axis].reduce(1, *), count: shape[gradient.axis]))
    return true
  }
}

extension Tensor {
  /// Indices as rows of a table.
  /// - Throws: `.mismatch` with the first that is none.
  fileprivate func rows(below count: Int) throws -> [Int] {
    try integers.map { index in
      let row = index < 0 ? index + count : index
      guard row >= 0, row < count else {
        throw DataError(.mismatch, "the index \(index) on an axis of \(count)")
      }
      return row
    }
  }
}
