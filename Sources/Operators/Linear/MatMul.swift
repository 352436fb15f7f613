import BinaryIO
import ModelGraph
import Tensors

/// Matrix product over the last two axes; the axes before stretch, as in NumPy.
///
/// - Shapes: `[…, M, K]` and `[…, K, N]` give `[…, M, N]`; a vector counts as a row or a column.
/// - Source: ONNX MatMul-13.
public struct MatMul: ProvisionalOperator {
  public static let name = "MatMul"

  public init() {}
}
