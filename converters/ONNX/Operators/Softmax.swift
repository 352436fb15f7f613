import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  static let softmax = ONNXOperator(Softmax.self, since: 13) { node in
    try node.emitAlongAxis { Softmax(axis: $0) }
  } write: { ours, node in
    node.emit(["axis": .integer(ours.axis)])
  }

  static let logSoftmax = ONNXOperator(LogSoftmax.self, since: 13) { node in
    try node.emitAlongAxis { LogSoftmax(axis: $0) }
  } write: { ours, node in
    node.emit(["axis": .integer(ours.axis)])
  }

  static let hardmax = ONNXOperator(Hardmax.self, since: 13) { node in
    try node.emitAlongAxis { Hardmax(axis: $0) }
  } write: { ours, node in
    node.emit(["axis": .integer(ours.axis)])
  }
}

extension NodeReading {
  /// Before opset 13 these work on a matrix: all axes from `axis` on are taken together.
  fileprivate mutating func emitAlongAxis(_ make: (Int) -> any Operator) throws {
    if opset >= 13 { return try emit(make(try integer("axis", default: -1))) }
    let axis = try integer("axis", default: 1)
    if axis == -1 || rank(0).map({ axis == $0 - 1 }) ?? false { return try emit(make(-1)) }
    let x = try input(0)
    let matrix = try add(Flatten(axis: axis), [x], "matrix")
    let result = try add(make(-1), [matrix], "rows")
    let shape = try add(ShapeOf(), [x], "shape")
    try emit(Reshape(), [result, shape])
  }
}
