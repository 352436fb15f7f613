import BinaryIO
import Operators

extension ONNXOperator {
  static let slice = ONNXOperator(Slice.self, since: 13) { node in
    if node.opset >= 10 { return try node.emit(Slice()) }
    guard let starts = try node.integers("starts"), let ends = try node.integers("ends") else {
      throw DataError(.malformed, "the attributes 'starts' and 'ends' are missing")
    }
    let axes = try node.integers("axes").map { node.constant($0, "axes") }
    try node.emit(
      Slice(),
      [try node.input(0), node.constant(starts, "starts"), node.constant(ends, "ends"), axes])
  } write: {
    $1.emit()
  }
}
