import Operators

extension ONNXOperator {
  static let scatterElements = ONNXOperator(ScatterElements.self, since: 16) { node in
    try node.emit(
      ScatterElements(
        axis: try node.integer("axis", default: 0),
        reduction: try node.choice("reduction", default: .none)))
  } write: { scatter, node in
    if [.max, .min].contains(scatter.reduction) { node.require(opset: 18) }
    node.emit([
      "axis": .integer(scatter.axis), "reduction": .text(scatter.reduction.rawValue),
    ])
  }

  /// What ScatterElements was called before opset 11.
  static let scatter = ONNXOperator(reading: "Scatter") { node in
    try node.emit(ScatterElements(axis: try node.integer("axis", default: 0)))
  }

  static let scatterND = ONNXOperator(ScatterND.self, since: 16) { node in
    try node.emit(ScatterND(reduction: try node.choice("reduction", default: .none)))
  } write: { scatter, node in
    if [.max, .min].contains(scatter.reduction) { node.require(opset: 18) }
    node.emit(["reduction": .text(scatter.reduction.rawValue)])
  }
}
