import Kernels

/// Bounds what one step may do.
public enum GradientClipping: Sendable, Hashable {
  /// All gradients together are scaled, so that their norm is at most this.
  case norm(Double)
  /// Each number is cut to at most this, either way.
  case value(Double)

  /// Changes the gradients; returns the norm that they had.
  ///
  /// The norm is summed in Double and in a fixed order. When it is not finite, nothing is changed by `norm`.
  /// - Source: torch.nn.utils.clip_grad_norm_ (which scales by `maximum / (norm + 1e-6)`) and clip_grad_value_.
  @discardableResult
  public func clip(_ parameters: [Parameter], pool: ThreadPool? = nil) -> Double {
    let found = GradientClipping.norm(of: parameters, pool: pool)
    apply(to: parameters, norm: found, pool: pool)
    return found
  }

  /// Changes some of the gradients, of which all together have that norm.
  func apply(to parameters: [Parameter], norm found: Double, pool: ThreadPool?) {
    switch self {
    case .norm(let maximum):
      let factor = maximum / (found + 1e-6)
      guard factor < 1 else { break }
      let scale = FloatView([Float(factor)])
      for gradient in parameters.map(\.gradient) {
        Elementwise.binary(
          .multiply, .whole(gradient), .scalar(scale), columns: gradient.count, into: gradient,
          pool: pool)
      }
    case .value(let maximum):
      let clamp = Clamp(minimum: -Float(maximum), maximum: Float(maximum))
      for gradient in parameters.map(\.gradient) {
        Elementwise.unary(
          .clip(clamp), gradient, count: gradient.count, into: gradient, pool: pool)
      }
    }
  }

  /// Whether all numbers are finite, and not so large that their squares are not.
  static func isFinite(_ views: [FloatView], pool: ThreadPool? = nil) -> Bool {
    views.allSatisfy { WeightUpdate.sumOfSquares($0, pool: pool).isFinite }
  }

  /// The root of the sum of all gradients' squares.
  public static func norm(of parameters: [Parameter], pool: ThreadPool? = nil) -> Double {
    parameters.reduce(0) { $0 + WeightUpdate.sumOfSquares($1.gradient, pool: pool) }.squareRoot()
  }
}
