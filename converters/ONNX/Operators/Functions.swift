import Operators

// Functions of one number without attributes.
extension ONNXOperator {
  static let functions = [
    ONNXOperator(plain: Abs.self) { Abs() }, ONNXOperator(plain: Acos.self) { Acos() },
    ONNXOperator(plain: Acosh.self) { Acosh() }, ONNXOperator(plain: Asin.self) { Asin() },
    ONNXOperator(plain: Asinh.self) { Asinh() }, ONNXOperator(plain: Atan.self) { Atan() },
    ONNXOperator(plain: Atanh.self) { Atanh() }, ONNXOperator(plain: Ceil.self) { Ceil() },
    ONNXOperator(plain: Cos.self) { Cos() }, ONNXOperator(plain: Cosh.self) { Cosh() },
    ONNXOperator(plain: Erf.self) { Erf() }, ONNXOperator(plain: Exp.self) { Exp() },
    ONNXOperator(plain: Floor.self) { Floor() }, ONNXOperator(plain: Identity.self) { Identity() },
    ONNXOperator(plain: IsNaN.self) { IsNaN() }, ONNXOperator(plain: Log.self) { Log() },
    ONNXOperator(plain: Neg.self) { Neg() }, ONNXOperator(plain: NonZero.self) { NonZero() },
    ONNXOperator(plain: Not.self) { Not() }, ONNXOperator(plain: Reciprocal.self) { Reciprocal() },
    ONNXOperator(plain: Relu.self) { Relu() }, ONNXOperator(plain: Round.self) { Round() },
    ONNXOperator(plain: Sigmoid.self) { Sigmoid() }, ONNXOperator(plain: Sign.self) { Sign() },
    ONNXOperator(plain: Sin.self) { Sin() }, ONNXOperator(plain: Sinh.self) { Sinh() },
    ONNXOperator(plain: Size.self) { Size() }, ONNXOperator(plain: Softplus.self) { Softplus() },
    ONNXOperator(plain: Softsign.self) { Softsign() }, ONNXOperator(plain: Sqrt.self) { Sqrt() },
    ONNXOperator(plain: Tan.self) { Tan() }, ONNXOperator(plain: Tanh.self) { Tanh() },
    ONNXOperator(plain: HardSwish.self, since: 14) { HardSwish() },
    ONNXOperator(plain: Mish.self, since: 18) { Mish() },
    ONNXOperator(plain: GlobalAveragePool.self) { GlobalAveragePool() },
    ONNXOperator(plain: GlobalMaxPool.self) { GlobalMaxPool() },
    ONNXOperator(plain: Where.self) { Where() },
    ONNXOperator(plain: Max.self) { Max() }, ONNXOperator(plain: Min.self) { Min() },
    ONNXOperator(plain: Mean.self) { Mean() }, ONNXOperator(plain: Sum.self) { Sum() },
    ONNXOperator(plain: RangeOf.self) { RangeOf() },
  ]
}
