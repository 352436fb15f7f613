import Operators

extension ONNXOperator {
  static let gather = ONNXOperator(Gather.self) { node in
    try node.emit(Gather(axis: try node.integer("axis", default: 0)))
  } write: { gather, node in
    node.emit(["axis": .integer(gather.axis)])
  }

  static let gatherElements = ONNXOperator(GatherElements.self, since: 11) { node in
    try node.emit(GatherElements(axis: try node.integer("axis", default: 0)))
  } write: { gather, node in
    node.emit(["axis": .integer(gather.axis)])
  }

  static let gatherND = ONNXOperator(GatherND.self, since: 12) { node in
    try node.emit(GatherND(batchDimensions: try node.integer("batch_dims", default: 0)))
  } write: { gather, node in
    node.emit(["batch_dims": .integer(gather.batchDimensions)])
  }
}
