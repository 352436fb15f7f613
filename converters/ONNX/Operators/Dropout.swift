import BinaryIO
import Operators
import Tensors

extension ONNXOperator {
  static let dropout = ONNXOperator(Dropout.self, since: 13) { node in
    node.ignore("seed")
    if node.has(2), node.constant(2)?.integers != [0] {
      throw DataError(.unsupported, "dropout that is trained")
    }
    let ratio = try node.number("ratio") ?? node.constant(1)?.doubles.first ?? 0.5
    try node.emit(Dropout(ratio: ratio), [try node.input(0)])
  } write: { dropout, node in
    let ratio = node.constant(Tensor(scalar: Float(dropout.ratio)), "ratio")
    node.emit(inputs: [node.inputs[0], ratio])
  }
}
