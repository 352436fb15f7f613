import BinaryIO
import ModelGraph
import Tensors

/// The maximum over all spatial axes.
///
/// - Shapes: x `[N, C, …]`; gives `[N, C, 1…]`.
/// - Source: ONNX GlobalMaxPool-22.
public struct GlobalMaxPool: ProvisionalOperator {
  public static let name = "GlobalMaxPool"

  public init() {}
}
