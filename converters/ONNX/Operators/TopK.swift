import BinaryIO
import Operators

extension ONNXOperator {
  static let topK = ONNXOperator(TopK.self, since: 11) { node in
    let topK = TopK(
      axis: try node.integer("axis", default: -1), largest: try node.flag("largest", default: true),
      sorted: try node.flag("sorted", default: true))
    if node.opset >= 10 { return try node.emit(topK) }
    guard let k = try node.integer("k") else {
      throw DataError(.malformed, "the attribute 'k' is missing")
    }
    try node.emit(topK, [try node.input(0), node.constant([k], "k")])
  } write: { topK, node in
    node.emit([
      "axis": .integer(topK.axis), "largest": .flag(topK.largest), "sorted": .flag(topK.sorted),
    ])
  }

  static let cumSum = ONNXOperator(CumSum.self, since: 14) { node in
    try node.emit(
      CumSum(exclusive: try node.flag("exclusive"), reverse: try node.flag("reverse")))
  } write: { ours, node in
    node.emit(["exclusive": .flag(ours.exclusive), "reverse": .flag(ours.reverse)])
  }
}
