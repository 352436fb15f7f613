import CKernels

/// Slopes of functions of one float.
public enum UnarySlope: Sendable, Hashable {
  /// By the result.
  case relu
  /// 1 between the limits, both included.
  case clip(Clamp)
  case leakyRelu(alpha: Float)
  /// By the result.
  case sigmoid
  /// By the result.
  case tanh
  case silu
  case gelu
  case geluTanh
  case hardSigmoid(alpha: Float, beta: Float)
  case hardSwish

  var code: (slope: mng_slope, alpha: Float, beta: Float) {
    switch self {
    case .relu: (MNG_SLOPE_RELU, 0, 0)
    case .clip(let clamp): (MNG_SLOPE_CLIP, clamp.minimum, clamp.maximum)
    case .leakyRelu(let alpha): (MNG_SLOPE_LEAKY_RELU, alpha, 0)
    case .sigmoid: (MNG_SLOPE_SIGMOID, 0, 0)
    case .tanh: (MNG_SLOPE_TANH, 0, 0)
    case .silu: (MNG_SLOPE_SILU, 0, 0)
    case .gelu: (MNG_SLOPE_GELU_ERF, 0, 0)
    case .geluTanh: (MNG_SLOPE_GELU_TANH, 0, 0)
    case .hardSigmoid(let alpha, let beta): (MNG_SLOPE_HARD_SIGMOID, alpha, beta)
    case .hardSwish: (MNG_SLOPE_HARD_SWISH, 1 / 6, 0.5)
    }
  }
}

extension Elementwise {
  /// `result[i] = flow[i] * slope(values[i])`; the result may be the memory of either.
  public static func gradient(
    _ slope: UnarySlope, _ flow: FloatView, at values: FloatView, count: Int,
    into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(count >= 0)
    let (code, alpha, beta) = slope.code
    runParallel(pool, count: count, grain: 8192) { range in
      let start = range.lowerBound
      unsafe mng_unary_gradient_f32(
        code, range.count, flow.reading(count, "gradient") + start,
        values.reading(count, "values") + start, alpha, beta, result.writing(count) + start)
    }
  }
}
