import Operators

extension ONNXOperator {
  static let gemm = ONNXOperator(Gemm.self, since: 11) { node in
    node.ignore("broadcast")  // before 7; C stretches to the result either way
    try node.emit(
      Gemm(
        alpha: try node.number("alpha", default: 1), beta: try node.number("beta", default: 1),
        transposeA: try node.flag("transA"), transposeB: try node.flag("transB")))
  } write: { gemm, node in
    node.emit([
      "alpha": gemm.alpha == 1 ? nil : .number(gemm.alpha),
      "beta": gemm.beta == 1 ? nil : .number(gemm.beta),
      "transA": gemm.transposeA ? .flag(true) : nil, "transB": gemm.transposeB ? .flag(true) : nil,
    ])
  }

  static let matMul = ONNXOperator(plain: MatMul.self) { MatMul() }
}
