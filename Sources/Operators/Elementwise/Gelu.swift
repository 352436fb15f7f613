import ModelGraph

/// `x · Φ(x)`, Φ being the normal distribution; exactly, or by tanh.
///
/// - Source: ONNX Gelu-20.
public struct Gelu: ElementwiseUnary {
  public static let name = "Gelu"
  public var approximation: Approximation

  public init(approximation: Approximation = .none) {
    self.approximation = approximation
  }

  public func apply(_ x: Double) -> Double {
    switch approximation {
    case .none: return 0.5 * x * (1 + C.erf(x * 0.5.squareRoot()))
    case .tanh:
      let inner = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
      return 0.5 * x * (1 + C.tanh(inner))
    }
  }

  /// How Φ is computed.
  public enum Approximation: String, Sendable { case none, tanh }
}

extension Gelu: SlopedUnary {
  /// Φ(x) + x φ(x), or the derivative of the formula by tanh.
  public func slope(at x: Double) -> Double {
    switch approximation {
    case .none:
      let density = C.exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
      return 0.5 * (1 + C.erf(x * 0.5.squareRoot())) + x * density
    case .tanh:
      let (factor, cubic) = ((2 / Double.pi).squareRoot(), 0.044715)
      let bound = C.tanh(factor * (x + cubic * x * x * x))
      let steepness = 0.5 * factor * (1 + 3 * cubic * x * x)
      return 0.5 * (1 + bound) + x * (1 - bound * bound) * steepness
    }
  }
}
