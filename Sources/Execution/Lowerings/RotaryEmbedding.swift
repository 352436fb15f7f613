import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors

/// Rotary position embedding of heads that lie where they lie.
struct RotaryStep: Step {
  let kernel: RotaryKernel
  let strides: HeadStrides
  let input: Region
  let cosines: Region
  let sines: Region
  /// How many rows the tables have.
  let tableRows: Int
  /// Of `[batch, sequence]`; each row of the tables in turn without them.
  let positions: Argument?
  let result: Region

  var kind: String { RotaryEmbedding.name }
  var reads: [Region] { [input, cosines, sines] }
  var writes: [Region] { [result] }
  var inPlace: (read: Region, write: Region)? { (input, result) }
  var takes: [Argument] { positions.map { [$0] } ?? [] }

  func run(in frame: Frame) throws {
    let places = kernel.batch * kernel.sequence
    var rows = (0..<places).map { tableRows < places ? $0 % kernel.sequence : $0 }
    if let positions {
      rows = try frame.tensor(positions).integers.map { position in
        let row = position < 0 ? position + tableRows : position
        guard row >= 0, row < tableRows else {
          throw DataError(.mismatch, "the index \(position) on an axis of \(tableRows)")
        }
        return row
      }
    }
    kernel.turn(
      frame.view(input), strides: strides, cosines: frame.view(cosines), sines: frame.view(sines),
      rows: rows, into: frame.view(result), pool: frame.pool)
  }
}

extension Lowering {
  static let rotaryEmbedding = Lowering(RotaryEmbedding.self) { rotary, node, builder in
    guard let x = node.inputs[0], let cosines = node.inputs[1], let sines = node.inputs[2],
      let output = node.outputs[0], let shape = builder.floatShape(x),
      builder.floatShape(output) != nil, let table = builder.floatShape(cosines),
      builder.floatShape(sines) == table, table.elementCount > 0,
      let (input, places) = try builder.heads(x, rotary.heads)
    else { return false }
    let positions = node.inputs.count > 3 ? node.inputs[3] : nil
    let layout = builder.layout(x)
    guard HeadPlaces(shape, heads: rotary.heads, layout: layout)?.strides == places.strides else {
      return false
    }
    builder.append(
      RotaryStep(
        kernel: RotaryKernel(
          batch: places.batch, heads: places.heads, sequence: places.rows, size: places.size,
          pairs: (rotary.rotaryDimension ?? places.size) / 2,
          isInterleaved: rotary.isInterleaved),
        strides: places.strides, input: input,
        cosines: try builder.floats(cosines, .rowMajor(table.rank)).operand,
        sines: try builder.floats(sines, .rowMajor(table.rank)).operand,
        tableRows: table.elementCount / table[table.rank - 1],
        positions: try positions.map(builder.argument),
        result: try builder.result(output, layout)))
    return true
  }
}
