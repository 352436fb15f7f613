import BinaryIO
import ModelGraph
import Tensors

/// Sums of products after Einstein's convention.
///
/// - Source: ONNX Einsum-12.
public struct Einsum: ProvisionalOperator {
  public static let name = "Einsum"
  /// `ij,jk->ik`: one letter an axis, `...` for the axes that stretch.
  public var equation: String

  public init(equation: String) {
    self.equation = equation
  }
}
