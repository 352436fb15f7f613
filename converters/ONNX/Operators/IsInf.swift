import Operators

extension ONNXOperator {
  static let isInf = ONNXOperator(IsInf.self, since: 10) { node in
    try node.emit(
      IsInf(
        detectsPositive: try node.flag("detect_positive", default: true),
        detectsNegative: try node.flag("detect_negative", default: true)))
  } write: { ours, node in
    node.emit([
      "detect_positive": .flag(ours.detectsPositive),
      "detect_negative": .flag(ours.detectsNegative),
    ])
  }
}
