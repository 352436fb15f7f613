import Glibc
import Tensors

extension RandomNumbers {
  /// About 0 with the deviation 1, as the normal distribution has it.
  ///
  /// - Source: Box and Muller (1958), of whose two numbers one is used.
  public mutating func normal() -> Double {
    // Above 0, whose logarithm is none
    let radius = (-2 * log(1 - unit())).squareRoot()
    return radius * cos(2 * .pi * unit())
  }

  /// From 0 to 1, as the beta distribution has it.
  public mutating func beta(_ a: Double, _ b: Double) -> Double {
    precondition(a > 0 && b > 0, "a beta distribution of \(a) and \(b)")
    let (x, y) = (logGamma(a), logGamma(b))
    return 1 / (1 + exp(y - x))
  }

  /// The logarithm of a number of the gamma distribution: of small shapes, the number itself may round to 0.
  ///
  /// - Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000).
  private mutating func logGamma(_ shape: Double) -> Double {
    guard shape >= 1 else { return logGamma(shape + 1) + log(1 - unit()) / shape }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if log(1 - unit()) < 0.5 * x * x + d - d * v + d * log(v) { return log(d * v) }
    }
  }
}
