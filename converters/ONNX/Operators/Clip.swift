import Operators

extension ONNXOperator {
  static let clip = ONNXOperator(Clip.self, since: 12) { node in
    if node.opset >= 11 { return try node.emit(Clip()) }
    let minimum = try node.number("min").map { node.scalar($0, like: 0, "min") }
    let maximum = try node.number("max").map { node.scalar($0, like: 0, "max") }
    try node.emit(Clip(), [try node.input(0), minimum, maximum])
  } write: {
    $1.emit()
  }
}
