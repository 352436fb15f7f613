import Operators

extension ONNXOperator {
  static let argMax = ONNXOperator(ArgMax.self, since: 13) { node in
    try node.emit(
      ArgMax(
        axis: try node.integer("axis", default: 0),
        keepDimensions: try node.flag("keepdims", default: true),
        selectLastIndex: try node.flag("select_last_index")))
  } write: { ours, node in
    node.emit([
      "axis": .integer(ours.axis), "keepdims": .flag(ours.keepDimensions),
      "select_last_index": .flag(ours.selectLastIndex),
    ])
  }

  static let argMin = ONNXOperator(ArgMin.self, since: 13) { node in
    try node.emit(
      ArgMin(
        axis: try node.integer("axis", default: 0),
        keepDimensions: try node.flag("keepdims", default: true),
        selectLastIndex: try node.flag("select_last_index")))
  } write: { ours, node in
    node.emit([
      "axis": .integer(ours.axis), "keepdims": .flag(ours.keepDimensions),
      "select_last_index": .flag(ours.selectLastIndex),
    ])
  }
}
