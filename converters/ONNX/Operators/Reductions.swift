import ModelGraph
import Operators

extension ONNXOperator {
  static let reductions = [
    reduction(ReduceL1.self) { ReduceL1(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceL2.self) { ReduceL2(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceLogSum.self) { ReduceLogSum(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceLogSumExp.self) { ReduceLogSumExp(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceMax.self) { ReduceMax(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceMean.self) { ReduceMean(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceMin.self) { ReduceMin(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceProd.self) { ReduceProd(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceSum.self) { ReduceSum(keepDimensions: $0, noopWithEmptyAxes: $1) },
    reduction(ReduceSumSquare.self) { ReduceSumSquare(keepDimensions: $0, noopWithEmptyAxes: $1) },
  ]

  /// The axes are an input since opset 18 (13 for ReduceSum), an attribute before.
  private static func reduction<Ours: Reduction>(
    _ ours: Ours.Type, _ make: @escaping @Sendable (Bool, Bool) -> Ours
  ) -> ONNXOperator {
    ONNXOperator(ours, since: 13) { node in
      let axes = try node.integers("axes").map { node.constant($0, "axes") }
      let ours = make(
        try node.flag("keepdims", default: true), try node.flag("noop_with_empty_axes"))
      try node.emit(ours, axes.map { [node.inputs.first ?? nil, $0] })
    } write: { ours, node in
      if node.has(1) || ours.noopWithEmptyAxes { node.require(opset: 18) }
      node.emit([
        "keepdims": .flag(ours.keepDimensions),
        "noop_with_empty_axes": ours.noopWithEmptyAxes ? .flag(true) : nil,
      ])
    }
  }
}
