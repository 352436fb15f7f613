import CKernels

/// Functions of one float; their accuracy is that of `UnaryTests`. NaN gives NaN.
public enum UnaryOperator: Sendable, Hashable {
  case clip(Clamp)
  /// x < 0 ? alpha x : x
  case leakyRelu(alpha: Float)
  /// x < 0 ? alpha (e^x - 1) : x
  case elu(alpha: Float)
  /// gamma (x < 0 ? alpha (e^x - 1) : x)
  case selu(alpha: Float, gamma: Float)
  case sigmoid
  /// min(max(alpha x + beta, 0), 1)
  case hardSigmoid(alpha: Float, beta: Float)
  /// x min(max(alpha x + beta, 0), 1)
  case hardSwish(alpha: Float = 1 / 6, beta: Float = 0.5)
  /// x sigmoid(x)
  case silu
  /// x tanh(softplus(x))
  case mish
  /// By the error function: x (1 + erf(x / sqrt(2))) / 2
  case gelu
  /// By the hyperbolic tangent: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  case geluTanh
  /// log(1 + e^x)
  case softplus
  /// x / (1 + |x|)
  case softsign
  case tanh
  case erf
  case exp
  case log
  case sqrt
  case reciprocal
  case negate
  case absolute
  case floor
  case ceil
  /// To the nearest integer, ties to even.
  case round
  case sign

  public static let relu = UnaryOperator.clip(.relu)

  var code: (operation: mng_unary, alpha: Float, beta: Float) {
    switch self {
    case .clip(let clamp): (MNG_UNARY_CLIP, clamp.minimum, clamp.maximum)
    case .leakyRelu(let alpha): (MNG_UNARY_LEAKY_RELU, alpha, 0)
    case .elu(let alpha): (MNG_UNARY_ELU, alpha, 0)
    case .selu(let alpha, let gamma): (MNG_UNARY_SELU, alpha, gamma)
    case .sigmoid: (MNG_UNARY_SIGMOID, 0, 0)
    case .hardSigmoid(let alpha, let beta): (MNG_UNARY_HARD_SIGMOID, alpha, beta)
    case .hardSwish(let alpha, let beta): (MNG_UNARY_HARD_SWISH, alpha, beta)
    case .silu: (MNG_UNARY_SILU, 0, 0)
    case .mish: (MNG_UNARY_MISH, 0, 0)
    case .gelu: (MNG_UNARY_GELU_ERF, 0, 0)
    case .geluTanh: (MNG_UNARY_GELU_TANH, 0, 0)
    case .softplus: (MNG_UNARY_SOFTPLUS, 0, 0)
    case .softsign: (MNG_UNARY_SOFTSIGN, 0, 0)
    case .tanh: (MNG_UNARY_TANH, 0, 0)
    case .erf: (MNG_UNARY_ERF, 0, 0)
    case .exp: (MNG_UNARY_EXP, 0, 0)
    case .log: (MNG_UNARY_LOG, 0, 0)
    case .sqrt: (MNG_UNARY_SQRT, 0, 0)
    case .reciprocal: (MNG_UNARY_RECIPROCAL, 0, 0)
    case .negate: (MNG_UNARY_NEGATE, 0, 0)
    case .absolute: (MNG_UNARY_ABSOLUTE, 0, 0)
    case .floor: (MNG_UNARY_FLOOR, 0, 0)
    case .ceil: (MNG_UNARY_CEIL, 0, 0)
    case .round: (MNG_UNARY_ROUND, 0, 0)
    case .sign: (MNG_UNARY_SIGN, 0, 0)
    }
  }
}

extension Elementwise {
  /// `result[i] = operation(input[i])`; the result may be the input's memory.
  public static func unary(
    _ operation: UnaryOperator, _ input: FloatView, count: Int, into result: FloatView,
    pool: ThreadPool? = nil
  ) {
    precondition(count >= 0)
    let (code, alpha, beta) = operation.code
    runParallel(pool, count: count, grain: 8192) { range in
      let start = range.lowerBound
      unsafe mng_unary_f32(
        code, range.count, input.reading(count, "input") + start, alpha, beta,
        result.writing(count) + start)
    }
  }
}
