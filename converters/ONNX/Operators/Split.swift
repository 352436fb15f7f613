import BinaryIO
import Operators

extension ONNXOperator {
  static let split = ONNXOperator(Split.self, since: 13) { node in
    let parts = try node.integers("split")
    let count = try node.integer("num_outputs") ?? node.outputCount
    guard count == node.outputCount else {
      throw DataError(.malformed, "\(node.outputCount) outputs where 'num_outputs' says \(count)")
    }
    let split = Split(axis: try node.integer("axis", default: 0), outputCount: count)
    guard let parts else { return try node.emit(split) }
    try node.emit(split, [try node.input(0), node.constant(parts, "parts")])
  } write: { split, node in
    if node.has(1) { return node.emit(["axis": .integer(split.axis)]) }
    node.require(opset: 18)
    node.emit(["axis": .integer(split.axis), "num_outputs": .integer(split.outputCount)])
  }
}
