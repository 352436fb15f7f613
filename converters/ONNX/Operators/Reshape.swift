import BinaryIO
import Operators

extension ONNXOperator {
  static let reshape = ONNXOperator(Reshape.self, since: 14) { node in
    if node.opset >= 5 {
      return try node.emit(Reshape(allowZero: try node.flag("allowzero")))
    }
    guard let shape = try node.integers("shape") else {
      throw DataError(.malformed, "the attribute 'shape' is missing")
    }
    try node.emit(Reshape(), [try node.input(0), node.constant(shape, "shape")])
  } write: { reshape, node in
    node.emit(["allowzero": reshape.allowZero ? .flag(true) : nil])
  }

  static let flatten = ONNXOperator(Flatten.self) { node in
    try node.emit(Flatten(axis: try node.integer("axis", default: 1)))
  } write: { flatten, node in
    node.emit(["axis": .integer(flatten.axis)])
  }

  static let transpose = ONNXOperator(Transpose.self) { node in
    try node.emit(Transpose(permutation: try node.integers("perm")))
  } write: { transpose, node in
    node.emit(["perm": transpose.permutation.map { .integers($0) }])
  }
}
