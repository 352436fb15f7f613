import Operators

extension ONNXOperator {
  static let squeeze = ONNXOperator(Squeeze.self, since: 13) { node in
    if node.opset >= 13 { return try node.emit(Squeeze()) }
    let axes = try node.integers("axes").map { node.constant($0, "axes") }
    try node.emit(Squeeze(), [try node.input(0), axes])
  } write: {
    $1.emit()
  }

  static let unsqueeze = ONNXOperator(Unsqueeze.self, since: 13) { node in
    if node.opset >= 13 { return try node.emit(Unsqueeze()) }
    let axes = node.constant(try node.integers("axes") ?? [], "axes")
    try node.emit(Unsqueeze(), [try node.input(0), axes])
  } write: {
    $1.emit()
  }
}
