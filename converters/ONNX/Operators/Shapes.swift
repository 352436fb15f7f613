import BinaryIO
import Operators
import Tensors

// Operators that make tensors out of shapes, and shapes out of tensors.
extension ONNXOperator {
  static let shape = ONNXOperator(ShapeOf.self, since: 15) { node in
    try node.emit(
      ShapeOf(start: try node.integer("start", default: 0), end: try node.integer("end")))
  } write: { shape, node in
    node.emit([
      "start": shape.start == 0 ? nil : .integer(shape.start),
      "end": shape.end.map { .integer($0) },
    ])
  }

  static let constantOfShape = ONNXOperator(ConstantOfShape.self, since: 9) { node in
    let value = try node.tensor("value") ?? Tensor(scalar: Float(0))
    guard value.elementCount == 1 else {
      throw DataError(.malformed, "a value of \(value.elementCount) elements", expected: "one")
    }
    try node.emit(ConstantOfShape(value: value))
  } write: { constant, node in
    node.emit(["value": .tensor(TensorMessage(constant.value.reshaped([1])))])
  }

  static let oneHot = ONNXOperator(OneHot.self, since: 11) { node in
    try node.emit(OneHot(axis: try node.integer("axis", default: -1)))
  } write: { oneHot, node in
    node.emit(["axis": .integer(oneHot.axis)])
  }

  static let trilu = ONNXOperator(Trilu.self, since: 14) { node in
    try node.emit(Trilu(upper: try node.flag("upper", default: true)))
  } write: { trilu, node in
    node.emit(["upper": .flag(trilu.upper)])
  }
}
