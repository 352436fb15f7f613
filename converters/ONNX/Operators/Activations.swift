import Operators

// Activation functions with numbers for attributes.
extension ONNXOperator {
  static let activations = [
    ONNXOperator(Elu.self) {
      try $0.emit(Elu(alpha: try $0.number("alpha", default: 1)))
    } write: {
      $1.emit(["alpha": .number($0.alpha)])
    },
    ONNXOperator(Celu.self, since: 12) {
      try $0.emit(Celu(alpha: try $0.number("alpha", default: 1)))
    } write: {
      $1.emit(["alpha": .number($0.alpha)])
    },
    ONNXOperator(LeakyRelu.self) {
      try $0.emit(LeakyRelu(alpha: try $0.number("alpha", default: 0.01)))
    } write: {
      $1.emit(["alpha": .number($0.alpha)])
    },
    ONNXOperator(ThresholdedRelu.self, since: 10) {
      try $0.emit(ThresholdedRelu(alpha: try $0.number("alpha", default: 1)))
    } write: {
      $1.emit(["alpha": .number($0.alpha)])
    },
    ONNXOperator(Selu.self) {
      let old = $0.opset < 6
      try $0.emit(
        Selu(
          alpha: try $0.number("alpha", default: old ? 1.6732 : 1.6732632423543772),
          gamma: try $0.number("gamma", default: old ? 1.0507 : 1.0507009873554805)))
    } write: {
      $1.emit(["alpha": .number($0.alpha), "gamma": .number($0.gamma)])
    },
    ONNXOperator(HardSigmoid.self) {
      try $0.emit(
        HardSigmoid(
          alpha: try $0.number("alpha", default: 0.2), beta: try $0.number("beta", default: 0.5)))
    } write: {
      $1.emit(["alpha": .number($0.alpha), "beta": .number($0.beta)])
    },
    ONNXOperator(Shrink.self) {
      try $0.emit(
        Shrink(
          bias: try $0.number("bias", default: 0), lambda: try $0.number("lambd", default: 0.5)))
    } write: {
      $1.emit(["bias": .number($0.bias), "lambd": .number($0.lambda)])
    },
    ONNXOperator(Gelu.self, since: 20) {
      try $0.emit(Gelu(approximation: try $0.choice("approximate", default: .none)))
    } write: {
      $1.emit(["approximate": .text($0.approximation.rawValue)])
    },
  ]
}
