import BinaryIO
import Operators
import Tensors

extension ONNXOperator {
  static let expand = ONNXOperator(plain: Expand.self, since: 13) { Expand() }

  static let tile = ONNXOperator(Tile.self, since: 13) { node in
    if node.opset >= 6 { return try node.emit(Tile()) }
    // the oldest form repeats one axis, which is an input
    guard let rank = node.rank(0), let count = node.constant(1)?.integers.first,
      let axis = node.constant(2)?.integers.first, (0..<rank).contains(axis)
    else { throw DataError(.unsupported, "repeats that are not known beforehand") }
    var repeats = [Int](repeating: 1, count: rank)
    repeats[axis] = count
    try node.emit(Tile(), [try node.input(0), node.constant(repeats, "repeats")])
  } write: {
    $1.emit()
  }
}
