import BinaryIO
import ModelGraph
import Tensors

/// Numbers from start up to (not including) limit, in steps of delta.
///
/// Inputs: start, limit, delta; scalars.
/// - Source: ONNX Range-11.
public struct RangeOf: ProvisionalOperator {
  public static let name = "Range"

  public init() {}
}
