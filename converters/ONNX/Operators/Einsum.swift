import BinaryIO
import Operators

extension ONNXOperator {
  static let einsum = ONNXOperator(Einsum.self, since: 12) { node in
    guard let equation = try node.text("equation") else {
      throw DataError(.malformed, "the attribute 'equation' is missing")
    }
    try node.emit(Einsum(equation: equation))
  } write: { einsum, node in
    node.emit(["equation": .text(einsum.equation)])
  }
}
