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

extension Gelu: DifferentiableUnary {
  /// Φ(x) + x φ(x), or the derivative of the formula by tanh.
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    switch approximation {
    case .none:
      let normal = try builder.sum(
        builder.multiply(
          builder.add(Erf(), [builder.multiply(x, by: 0.5.squareRoot())]), by: 0.5), 0.5)
      let power = try builder.add(
        Exp(), [builder.multiply(builder.multiply(x, x), by: -0.5)])
      let density = try builder.multiply(power, by: 1 / (2 * Double.pi).squareRoot())
      return try builder.sum(normal, builder.multiply(x, density))
    case .tanh:
      let (factor, cubic) = ((2 / Double.pi).squareRoot(), 0.044715)
      let square = try builder.multiply(x, x)
      let bend = try builder.sum(builder.multiply(square, by: cubic), 1)
      let inner = try builder.multiply(builder.multiply(x, bend), by: factor)
      let bound = try builder.add(Tanh(), [inner])
      let rise = try builder.difference(1, builder.multiply(bound, bound))
      let steepness = try builder.multiply(
        builder.sum(builder.multiply(square, by: 3 * cubic), 1), by: 0.5 * factor)
      let share = try builder.multiply(builder.multiply(x, rise), steepness)
      return try builder.sum(builder.sum(builder.multiply(bound, by: 0.5), 0.5), share)
    }
  }
}
