import BinaryIO
import Operators

extension ONNXOperator {
  static let batchNormalization = ONNXOperator(BatchNormalization.self, since: 15) { node in
    node.ignore("momentum")
    guard try node.flag("spatial", default: true), try !node.flag("training_mode") else {
      throw DataError(.unsupported, "batch normalisation that is trained or not of whole channels")
    }
    try node.emit(
      BatchNormalization(epsilon: try node.number("epsilon", default: 1e-5)), outputs: 1)
  } write: { normalization, node in
    node.emit(["epsilon": .number(normalization.epsilon)])
  }
}
