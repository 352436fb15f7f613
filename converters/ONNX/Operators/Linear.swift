import BinaryIO
import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  /// Written as a product with the transposed weight; the standard has no such operator.
  static let linear = ONNXOperator(writing: Linear.self) { linear, node in
    let (weight, product) = (node.valueName("weight"), node.valueName("product"))
    node.emit(
      ["perm": .integers([1, 0])], type: "Transpose", inputs: [node.inputs[1]], outputs: [weight])
    guard node.has(2) else {
      return node.emit(
        type: "MatMul", inputs: [node.inputs[0], weight], outputs: node.outputs)
    }
    node.emit(type: "MatMul", inputs: [node.inputs[0], weight], outputs: [product])
    node.emit(type: "Add", inputs: [product, node.inputs[2]], outputs: node.outputs)
  }
}
