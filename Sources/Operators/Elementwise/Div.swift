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
