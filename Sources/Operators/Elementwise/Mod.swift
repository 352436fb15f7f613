import BinaryIO
import ModelGraph

/// The remainder of a division; it has the divisor's sign, or the dividend's with `truncated`.
///
/// - Source: ONNX Mod-13.
public struct Mod: ElementwiseBinary {
  public static let name = "Mod"
  /// The C library's `fmod` (`fmod` 1).
  public var truncated: Bool

  public init(truncated: Bool = false) {
    self.truncated = truncated
  }

  public func apply(_ a: Double, _ b: Double) -> Double {
    let remainder = a.truncatingRemainder(dividingBy: b)
    return !truncated && remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) throws -> T {
    guard b != 0 else { throw DataError(.mismatch, "a whole number is divided by zero") }
    let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
    return !truncated && remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
  }
}

extension Mod: Differentiable {
  /// The remainder moves with the dividend, and with the divisor as often as that was taken away.
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (flow, a, b) = (try builder.flow(0), try builder.input(0), try builder.input(1))
    var divisor: ValueID?
    if builder.wants(1) {
      let taken = try builder.divide(builder.difference(a, builder.output(0)), b)
      let times = try builder.add(Round(), [taken])
      divisor = try builder.negated(builder.summed(builder.multiply(flow, times), like: b))
    }
    return [builder.wants(0) ? try builder.summed(flow, like: a) : nil, divisor]
  }
}
