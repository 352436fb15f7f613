import BinaryIO
import ModelGraph

/// `a / b`; whole numbers are cut off towards zero.
///
/// - Source: ONNX Div-14.
public struct Div: ElementwiseBinary {
  public static let name = "Div"

  public init() {}

  public func apply(_ a: Double, _ b: Double) -> Double { a / b }

  public func apply<T: FixedWidthInteger>(_ a: T, _ b: T) throws -> T {
    guard b != 0 else { throw DataError(.mismatch, "a whole number is divided by zero") }
    return a.dividedReportingOverflow(by: b).partialValue
  }
}

extension Div: Differentiable {
  public func gradients(_ builder: inout GradientBuilder) throws -> [ValueID?] {
    let (a, b) = (try builder.input(0), try builder.input(1))
    let share = try builder.divide(builder.flow(0), b)
    var divisor: ValueID?
    if builder.wants(1) {
      let moved = try builder.multiply(share, builder.output(0))
      divisor = try builder.negated(builder.summed(moved, like: b))
    }
    return [builder.wants(0) ? try builder.summed(share, like: a) : nil, divisor]
  }
}
