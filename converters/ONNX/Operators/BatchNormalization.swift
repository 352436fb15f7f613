import BinaryIO
import Operators

extension ONNXOperator {
  static let batchNormalization = ONNXOperator(BatchNormalization.self, since: 15) { node in
    guard try node.flag("spatial", default: true), try !node.flag("training_mode") else {
      throw DataError(.unsupported, "batch normalisation that is trained or not of whole channels")
    }
    try node.emit(
      BatchNormalization(
        epsilon: try node.number("epsilon", default: 1e-5),
        statistics: .onnx(momentum: try node.number("momentum", default: 0.9))), outputs: 1)
  } write: { normalization, node in
    let momentum = normalization.statistics.momentum
    node.emit([
      "epsilon": .number(normalization.epsilon),
      "momentum": abs(momentum - 0.9) < 1e-7 ? nil : .number(momentum),
    ])
  }
}
