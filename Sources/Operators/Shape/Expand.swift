import BinaryIO
import ModelGraph
import Tensors

/// A tensor stretched by NumPy's rule.
///
/// Inputs: x, shape.
/// - Source: ONNX Expand-13.
public struct Expand: ProvisionalOperator {
  public static let name = "Expand"

  public init() {}
}
