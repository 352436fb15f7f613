import BinaryIO
import Operators
import Tensors

// The normalisations whose only attributes are numbers.
extension ONNXOperator {
  static let instanceNormalization = ONNXOperator(InstanceNormalization.self) { node in
    try node.emit(InstanceNormalization(epsilon: try node.number("epsilon", default: 1e-5)))
  } write: { ours, node in
    node.emit(["epsilon": .number(ours.epsilon)])
  }

  static let layerNormalization = ONNXOperator(LayerNormalization.self, since: 17) { node in
    node.ignore("stash_type")
    try node.emit(
      LayerNormalization(
        axis: try node.integer("axis", default: -1),
        epsilon: try node.number("epsilon", default: 1e-5)))
  } write: { ours, node in
    node.emit(["axis": .integer(ours.axis), "epsilon": .number(ours.epsilon)])
  }

  static let rmsNormalization = ONNXOperator(RMSNormalization.self, since: 23) { node in
    node.ignore("stash_type")
    try node.emit(
      RMSNormalization(
        axis: try node.integer("axis", default: -1),
        epsilon: try node.number("epsilon", default: 1e-5)))
  } write: { ours, node in
    node.emit(["axis": .integer(ours.axis), "epsilon": .number(ours.epsilon)])
  }

  static let lpNormalization = ONNXOperator(LpNormalization.self) { node in
    try node.emit(
      LpNormalization(
        axis: try node.integer("axis", default: -1), p: try node.integer("p", default: 2)))
  } write: { ours, node in
    node.emit(["axis": .integer(ours.axis), "p": .integer(ours.p)])
  }

  static let lrn = ONNXOperator(LRN.self) { node in
    guard let size = try node.integer("size") else {
      throw DataError(.malformed, "the attribute 'size' is missing")
    }
    try node.emit(
      LRN(
        size: size, alpha: try node.number("alpha", default: 1e-4),
        beta: try node.number("beta", default: 0.75), bias: try node.number("bias", default: 1)))
  } write: { ours, node in
    node.emit([
      "size": .integer(ours.size), "alpha": .number(ours.alpha), "beta": .number(ours.beta),
      "bias": .number(ours.bias),
    ])
  }
}
