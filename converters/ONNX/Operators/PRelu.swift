import ModelGraph
import Operators

extension ONNXOperator {
  static let prelu = ONNXOperator(PRelu.self, since: 9) { node in
    // before opset 7 the slope is one number, or one for each channel
    guard node.opset < 7, node.rank(1) == 1, let rank = node.rank(0), rank > 2,
      node.type(try node.input(1)).dimensions != [1]
    else { return try node.emit(PRelu()) }
    let axes = node.constant(Array(1..<(rank - 1)), "axes")
    let slope = try node.add(Unsqueeze(), [try node.input(1), axes], "slope")
    try node.emit(PRelu(), [try node.input(0), slope])
  } write: {
    $1.emit()
  }
}
