import BinaryIO
import ModelGraph
import Tensors

/// The indices of the elements that are not zero, one column each.
///
/// - Source: ONNX NonZero-13.
public struct NonZero: ProvisionalOperator {
  public static let name = "NonZero"

  public init() {}
}
