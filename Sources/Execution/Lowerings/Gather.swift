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
      let shape = builder.floatShape(x), let table = builder.graph.constants[x], shape.rank > 0,
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
