import BinaryIO
import Operators

extension ONNXOperator {
  static let concat = ONNXOperator(Concat.self, since: 13) { node in
    guard let axis = try node.integer("axis") ?? (node.opset < 4 ? 1 : nil) else {
      throw DataError(.malformed, "the attribute 'axis' is missing")
    }
    try node.emit(Concat(axis: axis))
  } write: { concat, node in
    node.emit(["axis": .integer(concat.axis)])
  }
}
