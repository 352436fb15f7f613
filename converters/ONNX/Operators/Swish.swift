import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  /// Written as `x · sigmoid(alpha · x)`: the operator itself is younger than what most runtimes know.
  static let swish = ONNXOperator(Swish.self) { node in
    try node.emit(Swish(alpha: try node.number("alpha", default: 1)))
  } write: { swish, node in
    let x = node.inputs[0]
    var scaled = x
    if swish.alpha != 1 {
      let type = node.type(0).dataType ?? .float32
      scaled = node.valueName("scaled")
      let alpha = node.constant(Tensor(scalar: Float(swish.alpha)).cast(to: type), "alpha")
      node.emit(type: "Mul", inputs: [x, alpha], outputs: [scaled])
    }
    let sigmoid = node.valueName("sigmoid")
    node.emit(type: "Sigmoid", inputs: [scaled], outputs: [sigmoid])
    node.emit(type: "Mul", inputs: [x, sigmoid], outputs: node.outputs)
  }
}
