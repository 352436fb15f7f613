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
